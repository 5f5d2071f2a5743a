/** Checkpoints, tensors and the mathematics of pruning; knows no framework. */
@org.jspecify.annotations.NullMarked
package io.espalier.model;
