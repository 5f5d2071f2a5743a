/** Benchmarks of whole processes, of the pipeline and of kernels. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks;
