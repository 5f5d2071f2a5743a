/** The one topic file. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.topic;
