package io.espalier.model.importance;

import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import java.util.Arrays;

/**
 * Structured Wanda, computed once on the dense model (FLAP's released code). It uses only the output projection and the
 * down projection. A column's score is the mean over its rows of {@code |W_ij|·n_j}, and a unit's score is the sum over
 * its columns.
 */
record WandaSp() implements Criterion {
    @Override
    public String name() {
        return "wanda-sp";
    }

    @Override
    public boolean needsActivations() {
        return true;
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        LayerLayout layout = evidence.layout();
        return UnitSums.over(layout, layout.outputProjections(), linear -> columnMeans(linear, evidence));
    }

    private static double[] columnMeans(Linear linear, LayerEvidence evidence) {
        try (Scope scope = Scope.open()) {
            double[] sums = new ImportanceKernels(scope)
                    .scaledMagnitudeSums(evidence.weight(linear), evidence.norms(linear, scope));
            return Arrays.stream(sums).map(sum -> sum / linear.outputs()).toArray();
        }
    }

    static float[] narrowed(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }
}
