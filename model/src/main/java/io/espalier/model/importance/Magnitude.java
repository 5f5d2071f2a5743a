package io.espalier.model.importance;

import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Scope;

/**
 * {@code S = |W_ij|^p}, summed over the unit in all its matrices.
 *
 * @param p the exponent, 1 or 2
 */
record Magnitude(int p) implements Criterion {
    @Override
    public String name() {
        return "magnitude";
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        try (Scope scope = Scope.open()) {
            ImportanceKernels kernels = new ImportanceKernels(scope);
            return UnitSums.over(
                    evidence.layout(), evidence.linears(), linear -> kernels.magnitudeSums(evidence.weight(linear), p));
        }
    }
}
