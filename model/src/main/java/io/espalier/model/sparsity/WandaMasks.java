package io.espalier.model.sparsity;

import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;

/** {@code S = |W_ij|·n_j}, compared inside each output row (Wanda, section 3). */
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
