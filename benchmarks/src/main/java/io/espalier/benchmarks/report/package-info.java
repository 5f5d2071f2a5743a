/** The results of a run, with their goals. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks.report;
