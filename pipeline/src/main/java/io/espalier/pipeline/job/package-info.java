/** What happened to jobs, read from the log. */
@org.jspecify.annotations.NullMarked
package io.espalier.pipeline.job;
