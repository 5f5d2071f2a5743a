/** JMH benchmarks of kernels and of reading and writing checkpoints. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks.kernel;
