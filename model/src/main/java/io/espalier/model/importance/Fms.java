package io.espalier.model.importance;

import io.espalier.model.pruning.UnitScores;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Feature-map sensitivity (MINI-LLM), in product form: {@code S = |W_ij|·n̂_j·|Ĝ_ij|}, {@code n̂ = n / mean(n)} per matrix,
 * summed over the unit. Its controls replace the gradient: what they rank alike, the gradient did not decide.
 */
record Fms(Gradient gradient) implements Criterion {
    /** What stands for Ĝ. */
    enum Gradient {
        ESTIMATED,
        /** Ĝ = 1 */
        NONE,
        /** Ĝ ~ N(0, 1) */
        NOISE
    }

    @Override
    public String name() {
        return gradient == Gradient.ESTIMATED ? "fms" : "fms/" + gradient.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean needsActivations() {
        return true;
    }

    @Override
    public boolean needsGradient() {
        return gradient == Gradient.ESTIMATED;
    }

    @Override
    public List<Criterion> controls() {
        return gradient == Gradient.ESTIMATED ? List.of(new Fms(Gradient.NONE), new Fms(Gradient.NOISE)) : List.of();
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        return UnitSums.over(evidence.layout(), evidence.layout().linears(), linear -> sums(linear, evidence));
    }

    private double[] sums(Linear linear, LayerEvidence evidence) {
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            double[] relative = relativeNorms(evidence.inputs(linear).norms());
            Tensor n = scope.floats(WandaSp.narrowed(relative), relative.length);
            Tensor weight = evidence.weight(linear);
            return switch (gradient) {
                case NONE -> kernels.scaledMagnitudeSums(weight, n);
                case NOISE ->
                    kernels.gradientProductSums(
                            weight, n, ZerothOrder.noise(evidence.seed()).gradient(linear, scope));
                case ESTIMATED -> kernels.gradientProductSums(weight, n, evidence.gradient(linear, scope));
            };
        }
    }

    /** All zero where nothing ever entered the matrix: dead channels exist. */
    private static double[] relativeNorms(double[] norms) {
        double mean = Arrays.stream(norms).average().orElse(0);
        return Arrays.stream(norms).map(n -> mean == 0 ? 0 : n / mean).toArray();
    }
}
