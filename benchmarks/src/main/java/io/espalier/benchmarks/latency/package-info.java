/** How long a job waits while nothing works on it. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks.latency;
