/** Checkpoints of a given shape that say nothing. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks.shape;
