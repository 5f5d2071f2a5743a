/** The scorer's stage and worker, and the mappers between protobuf messages and the domain. */
@org.jspecify.annotations.NullMarked
package io.espalier.scorer.kafka;
