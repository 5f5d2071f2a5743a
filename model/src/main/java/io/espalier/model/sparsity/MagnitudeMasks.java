package io.espalier.model.sparsity;

import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import java.util.Arrays;

/**
 * Scores a weight by {@code S_ij = |W_ij|}. An unstructured pattern compares all weights of the matrix, and N:M compares
 * consecutive weights of a row (as in Wanda's released code).
 */
record MagnitudeMasks() implements MaskCriterion {
    @Override
    public String name() {
        return "magnitude";
    }

    @Override
    public Tensor kept(Linear linear, LayerEvidence evidence, SparsityPattern pattern, Scope scope) {
        SparsityKernels kernels = new SparsityKernels(scope);
        Tensor weight = evidence.weight(linear);
        if (pattern instanceof SparsityPattern.NofM) {
            double[] ones = new double[linear.inputs()];
            Arrays.fill(ones, 1);
            int group = pattern.group(linear.inputs());
            return kernels.keptInRows(weight, scope.doubles(ones), group, pattern.removed(group));
        }
        long removed = pattern.removed(weight.elements());
        return removed == 0
                ? kernels.keptAll(linear.outputs(), linear.inputs())
                : kernels.keptOfMatrix(weight, removed);
    }
}
