package io.espalier.model.importance;

import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Parameter;
import io.espalier.model.transformer.UnitKind;
import java.util.function.Function;

/** Unit scores that sum the importance S of each weight over all rows and columns that belong to a unit. */
public final class UnitSums {
    private final double[] attention;
    private final double[] ffn;

    private UnitSums(LayerLayout layout) {
        attention = new double[layout.shape().attentionUnits()];
        ffn = new double[layout.shape().ffnChannels()];
    }

    /**
     * Sums the importance of weights into unit scores.
     *
     * @param linears the linear layers whose weights count
     * @param sums gives for a linear layer the sum of S within each row, then within each column: [out + in]
     */
    public static UnitScores over(LayerLayout layout, Iterable<Linear> linears, Function<Linear, double[]> sums) {
        UnitSums units = new UnitSums(layout);
        for (Linear linear : linears) {
            units.add(linear.weight(), sums.apply(linear));
        }
        return new UnitScores(units.attention, units.ffn);
    }

    private void add(Parameter weight, double[] sums) {
        weight.rows().addTo(attention, UnitKind.ATTENTION, sums, 0);
        weight.rows().addTo(ffn, UnitKind.FFN, sums, 0);
        int columns = weight.rows().length();
        weight.columns().addTo(attention, UnitKind.ATTENTION, sums, columns);
        weight.columns().addTo(ffn, UnitKind.FFN, sums, columns);
    }
}
