/** What a stage tells of itself to monitoring, behind ports: no metrics or tracing library is known here. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.telemetry;
