/** Outcomes beside their goals. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks.report;
