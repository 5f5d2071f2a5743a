/** From a user's bytes to a validated job. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.request;
