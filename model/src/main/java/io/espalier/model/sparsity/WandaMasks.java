package io.espalier.model.sparsity;

import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;

/**
 * Scores a weight by {@code S_ij = |W_ij|·n_j} and compares it with other weights of its row (Wanda, section 3). {@code n_j} is the
 * L2 norm of input feature j over all calibration tokens.
 */
record WandaMasks() implements MaskCriterion {
    @Override
    public String name() {
        return "wanda";
    }

    @Override
    public boolean needsActivations() {
        return true;
    }

    @Override
    public Tensor kept(Linear linear, LayerEvidence evidence, SparsityPattern pattern, Scope scope) {
        Tensor norms = scope.doubles(evidence.inputs(linear).norms());
        int group = pattern.group(linear.inputs());
        return new SparsityKernels(scope).keptInRows(evidence.weight(linear), norms, group, pattern.removed(group));
    }
}
