/** JMH benchmarks of what everything else is made of. */
@org.jspecify.annotations.NullMarked
package io.espalier.benchmarks.kernel;
