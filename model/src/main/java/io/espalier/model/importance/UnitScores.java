package io.espalier.model.importance;

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

    /** Those of a whole layer, of which these are the attention's and the others the feed-forward block's. */
    public UnitScores joined(UnitScores feedForward) {
        return new UnitScores(attention, feedForward.ffn);
    }

    /** Each kind's z scores, which compare across layers and kinds. */
    public UnitScores standardized() {
        return new UnitScores(zScores(attention), zScores(ffn));
    }

    /** z scores with the standard deviation of a sample; all zero where the values do not differ. */
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
