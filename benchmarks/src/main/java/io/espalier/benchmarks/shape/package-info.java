/** Checkpoints of a given shape with random weights, and windows of random tokens. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks.shape;
