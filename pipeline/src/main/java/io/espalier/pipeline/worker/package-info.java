/** What workers say of themselves, read from the log, and what they are told. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.worker;
