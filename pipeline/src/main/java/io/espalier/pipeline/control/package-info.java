/** gRPC Control, served by every service. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.control;
