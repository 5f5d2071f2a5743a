package io.espalier.model.pruning;

import java.util.Arrays;

/**
 * Importance of each removable unit of one layer; higher stays.
 *
 * @param attention [heads or KV groups]
 * @param ffn [FFN channels]
 */
public record UnitScores(double[] attention, double[] ffn) {
    public UnitScores {
        attention = attention.clone();
        ffn = ffn.clone();
    }

    @Override
    public double[] attention() {
        return attention.clone();
    }

    @Override
    public double[] ffn() {
        return ffn.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UnitScores that
                && Arrays.equals(attention, that.attention)
                && Arrays.equals(ffn, that.ffn);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(attention) + Arrays.hashCode(ffn);
    }

    @Override
    public String toString() {
        return "UnitScores[attention=" + Arrays.toString(attention) + ", ffn=" + Arrays.toString(ffn) + "]";
    }
}
