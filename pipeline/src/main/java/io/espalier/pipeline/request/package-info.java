/** From the bytes a user wrote to a request with its identity; what it means is for the module `job` to say. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.request;
