/** The measures that a process takes of itself. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks.measure;
