package io.espalier.model.importance;

import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import java.util.Arrays;

/**
 * Estimates how much the loss would change if a unit's weights were set to zero, by a Taylor expansion of first or
 * second order (LLM-Pruner, section 3.2 and released code). In the formulas, {@code s = W⊙G} for the gradient G, and A
 * is the mean of the samples' squared gradients.
 */
record Taylor(Form form) implements Criterion {
    enum Form {
        /** |Σ s| within each row or column of the unit, summed over these. */
        VECTORIZE,
        /** |Σ s| over all weights of the unit. */
        VECTORIZE_UNIT,
        /** Σ |s| over all weights of the unit. */
        FIRST,
        /** Σ |W²A| over all weights of the unit. */
        SECOND,
        /** Σ |s − ½W²A| over all weights of the unit. */
        MIX
    }

    @Override
    public String name() {
        return "taylor";
    }

    @Override
    public boolean needsGradient() {
        return true;
    }

    @Override
    public boolean needsBackprop() {
        return form == Form.SECOND || form == Form.MIX;
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        UnitScores units = UnitSums.over(evidence.layout(), evidence.linears(), linear -> sums(linear, evidence));
        return form == Form.VECTORIZE_UNIT ? new UnitScores(absolute(units.attention()), absolute(units.ffn())) : units;
    }

    private double[] sums(Linear linear, LayerEvidence evidence) {
        try (Scope scope = Scope.open()) {
            ImportanceKernels kernels = new ImportanceKernels(scope);
            Tensor weight = evidence.weight(linear);
            Tensor gradient = evidence.gradient(linear, scope);
            return switch (form) {
                case VECTORIZE -> absolute(kernels.taylorSums(weight, gradient, gradient, 1, 0, false));
                case VECTORIZE_UNIT -> kernels.taylorSums(weight, gradient, gradient, 1, 0, false);
                case FIRST -> kernels.taylorSums(weight, gradient, gradient, 1, 0, true);
                case SECOND ->
                    kernels.taylorSums(weight, gradient, evidence.squaredGradient(linear, scope), 0, 1, true);
                case MIX -> kernels.taylorSums(weight, gradient, evidence.squaredGradient(linear, scope), 1, 0.5, true);
            };
        }
    }

    private static double[] absolute(double[] values) {
        return Arrays.stream(values).map(Math::abs).toArray();
    }
}
