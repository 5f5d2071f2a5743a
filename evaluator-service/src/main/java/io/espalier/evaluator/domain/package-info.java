/** What an evaluation measures. Knows no framework. */
@org.jspecify.annotations.NullMarked
package io.espalier.evaluator.domain;
