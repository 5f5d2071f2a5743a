package io.espalier.model.importance;

import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.UnitKind;
import java.util.Arrays;

/**
 * Fluctuation (FLAP, section 3 and released code). The score of input feature j of an output projection or down
 * projection is {@code m_j = v_j·‖W[:,j]‖²}, where v_j is the feature's population variance over all calibration
 * tokens. For the attention, m_j is squared, as in the released code.
 */
public record Flap(Scale scale) implements Criterion {
    /** How feature scores become unit scores. */
    public enum Scale {
        /** The sum over the unit's features. It can be compared only within a layer and kind of unit. */
        RAW,
        /**
         * The mean over the unit's features of their z scores, each taken among all features of the layer and kind. It
         * can be compared across layers and kinds.
         */
        STANDARDIZED
    }

    @Override
    public String name() {
        return scale == Scale.STANDARDIZED ? "flap" : "flap/raw";
    }

    @Override
    public boolean needsActivations() {
        return true;
    }

    @Override
    public boolean standardized() {
        return scale == Scale.STANDARDIZED;
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        LayerLayout layout = evidence.layout();
        Linear output = layout.attention().output();
        Linear down = layout.feedForward().down();
        double[] attention = Arrays.stream(fluctuation(output, evidence))
                .map(metric -> metric * metric)
                .toArray();
        return new UnitScores(
                units(attention, output, UnitKind.ATTENTION, layout.shape().attentionUnits()),
                units(
                        fluctuation(down, evidence),
                        down,
                        UnitKind.FFN,
                        layout.shape().ffnChannels()));
    }

    private static double[] fluctuation(Linear linear, LayerEvidence evidence) {
        try (Scope scope = Scope.open()) {
            double[] squares = new ImportanceKernels(scope).magnitudeSums(evidence.weight(linear), 2);
            double[] metric = evidence.inputs(linear).variances();
            for (int j = 0; j < metric.length; j++) {
                metric[j] *= squares[linear.outputs() + j];
            }
            return metric;
        }
    }

    private double[] units(double[] features, Linear linear, UnitKind kind, int count) {
        double[] units = new double[count];
        switch (scale) {
            case RAW -> linear.weight().columns().addTo(units, kind, features, 0);
            case STANDARDIZED -> {
                linear.weight().columns().addTo(units, kind, UnitScores.zScores(features), 0);
                int width = features.length / count;
                Arrays.setAll(units, unit -> units[unit] / width);
            }
        }
        return units;
    }
}
