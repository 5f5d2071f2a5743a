/** What every module may know: error codes, their exception, and how long work reports its progress. */
@org.jspecify.annotations.NullMarked
package io.espalier.base;
