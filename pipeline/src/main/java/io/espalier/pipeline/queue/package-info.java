/** The work queue of a stage: a Kafka share group. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.queue;
