/** What a checkpoint is worth and what it costs. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.evaluation;
