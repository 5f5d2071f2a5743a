/** Measures how long a job waits while no worker works on it. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks.latency;
