/** The stage mechanism: a pure fold and the Kafka Streams topology around it. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.stage;
