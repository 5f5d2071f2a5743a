package io.espalier.model.importance;

import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;

/**
 * {@code S = |W_ij|·n_j + |W_ij|·√Σ_s (100·g_s)²}, where g_s is the gradient of sample s's own mean loss for W_ij
 * (GBLM-Pruner, released code). S is summed over the unit.
 */
record Gblm() implements Criterion {
    private static final double GRADIENT_SCALE = 100;

    @Override
    public String name() {
        return "gblm";
    }

    @Override
    public boolean needsActivations() {
        return true;
    }

    @Override
    public boolean needsGradient() {
        return true;
    }

    @Override
    public boolean needsBackprop() {
        return true;
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        return UnitSums.over(evidence.layout(), evidence.linears(), linear -> sums(linear, evidence));
    }

    private static double[] sums(Linear linear, LayerEvidence evidence) {
        try (Scope scope = Scope.open()) {
            // Σ_s g_s² is the mean times the number of samples.
            double scale = GRADIENT_SCALE * Math.sqrt(evidence.samples());
            Tensor squares = evidence.squaredGradient(linear, scope);
            return new ImportanceKernels(scope)
                    .rootAdditiveSums(evidence.weight(linear), evidence.norms(linear, scope), squares, scale);
        }
    }
}
