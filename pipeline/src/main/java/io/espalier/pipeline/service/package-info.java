/** The Quarkus shell every service has: configuration, start and stop, health, gRPC. The only package that knows Quarkus. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.service;
