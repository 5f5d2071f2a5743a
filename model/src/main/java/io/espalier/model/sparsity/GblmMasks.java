package io.espalier.model.sparsity;

import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;

/**
 * {@code S = |W_ij|·n_j + |W_ij|·√Σ_s (100·g_s)²} with each sample's own gradient, compared inside each output row
 * (GBLM-Pruner, released code).
 */
record GblmMasks() implements MaskCriterion {
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
    public boolean needsBackprop() {
        return true;
    }

    @Override
    public Tensor kept(Linear linear, LayerEvidence evidence, SparsityPattern pattern, Scope scope) {
        Tensor norms = scope.doubles(evidence.inputs(linear).norms());
        // Σ_s g_s² is the mean times the number of samples.
        double scale = GRADIENT_SCALE * Math.sqrt(evidence.samples());
        int group = pattern.group(linear.inputs());
        return new SparsityKernels(scope)
                .keptByGradient(
                        evidence.weight(linear),
                        norms,
                        evidence.squaredGradient(linear, scope),
                        scale,
                        group,
                        pattern.removed(group));
    }
}
