/** Measures a checkpoint: its perplexity and its speed. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.evaluation;
