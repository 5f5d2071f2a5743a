package io.espalier.model.importance;

import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.Linear;

/** {@code S = |W_ij|·n_j} (Wanda, section 3), summed over the unit in all its matrices. n_j is the norm of input j. */
record Wanda() implements Criterion {
    @Override
    public String name() {
        return "wanda";
    }

    @Override
    public boolean needsActivations() {
        return true;
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        return UnitSums.over(evidence.layout(), evidence.linears(), linear -> sums(linear, evidence));
    }

    private static double[] sums(Linear linear, LayerEvidence evidence) {
        try (Scope scope = Scope.open()) {
            return new ImportanceKernels(scope)
                    .scaledMagnitudeSums(evidence.weight(linear), evidence.norms(linear, scope));
        }
    }
}
