/** Formats jobs, workers, progress and evaluations as text and JSON. */
@org.jspecify.annotations.NullMarked
package io.espalier.cli.view;
