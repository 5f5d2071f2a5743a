/** Starts and stops the parts of a stage together. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.runtime;
