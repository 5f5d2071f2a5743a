package io.espalier.model.sparsity;

import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;

/**
 * Scores a weight by {@code S_ij = |W_ij|·n_j + |W_ij|·√Σ_s (100·g_s)²} and compares it with other weights of its row
 * (GBLM-Pruner, released code). {@code n_j} is the L2 norm of input feature j over all calibration tokens. {@code g_s} is the
 * gradient of the loss of calibration sample s with respect to {@code W_ij}.
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
        // The evidence holds the mean of g_s² over the samples, and the formula needs their sum.
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
