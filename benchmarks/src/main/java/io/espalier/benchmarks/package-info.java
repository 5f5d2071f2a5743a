/** What Espalier costs: whole processes, the pipeline, and kernels. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks;
