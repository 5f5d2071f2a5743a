/** Multiple-choice questions that a model answers by the log-likelihoods of the choices, as lm-evaluation-harness asks them. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.zeroshot;
