/** What one process measures of itself. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks.measure;
