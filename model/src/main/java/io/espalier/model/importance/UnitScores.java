package io.espalier.model.importance;

import java.util.Arrays;

/**
 * The importance of each removable unit of one layer. Units with higher scores are kept.
 *
 * @param attention one score per attention unit: [heads] or [KV groups]
 * @param ffn one score per FFN channel: [channels]
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

    /** Joins these scores of the attention units with the other's scores of the FFN channels. */
    public UnitScores joined(UnitScores feedForward) {
        return new UnitScores(attention, feedForward.ffn);
    }

    /** The z scores within each kind of unit. They can be compared across layers and kinds. */
    public UnitScores standardized() {
        return new UnitScores(zScores(attention), zScores(ffn));
    }

    /** The z scores of some values, by their sample standard deviation. They are all 0 when all values are equal. */
    public static double[] zScores(double[] values) {
        double mean = Arrays.stream(values).average().orElse(0);
        double squares = Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .sum();
        double deviation = Math.sqrt(squares / (values.length - 1));
        return Arrays.stream(values)
                .map(value -> deviation > 0 ? (value - mean) / deviation : 0)
                .toArray();
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
