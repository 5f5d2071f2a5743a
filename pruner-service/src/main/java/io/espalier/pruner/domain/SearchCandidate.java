package io.espalier.pruner.domain;

/**
 * Shapes that a search compared, in a few numbers.
 *
 * @param name what the shapes follow from: "uniform", "measured" or "estimated"
 * @param predicted sum of the prices of its components, in nats per predicted token
 * @param divergence KL divergence from the dense model, in nats per predicted token
 * @param parameters of a model with these shapes
 * @param chosen whether the checkpoint has these shapes
 */
public record SearchCandidate(String name, double predicted, double divergence, long parameters, boolean chosen) {}
