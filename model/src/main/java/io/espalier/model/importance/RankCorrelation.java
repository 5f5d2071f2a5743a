package io.espalier.model.importance;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Measures how similarly two criteria rank the units of a layer. */
public final class RankCorrelation {
    private RankCorrelation() {}

    /**
     * Spearman's rank correlation. Equal values get the mean of their ranks.
     *
     * @return the correlation in [−1, 1]; NaN when all values of one side are equal
     * @throws IllegalArgumentException when the two arrays have different lengths
     */
    public static double spearman(double[] a, double[] b) {
        if (a.length != b.length) {
            throw new IllegalArgumentException("scores of different layers: " + a.length + " and " + b.length);
        }
        return pearson(ranks(a), ranks(b));
    }

    private static double[] ranks(double[] values) {
        int[] order = IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> values[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] ranks = new double[values.length];
        int start = 0;
        while (start < order.length) {
            int end = start + 1;
            while (end < order.length && values[order[end]] == values[order[start]]) {
                end++;
            }
            for (int i = start; i < end; i++) {
                ranks[order[i]] = (start + end - 1) / 2.0;
            }
            start = end;
        }
        return ranks;
    }

    private static double pearson(double[] a, double[] b) {
        double mean = (a.length - 1) / 2.0;
        double product = 0;
        double squaresA = 0;
        double squaresB = 0;
        for (int i = 0; i < a.length; i++) {
            product += (a[i] - mean) * (b[i] - mean);
            squaresA += (a[i] - mean) * (a[i] - mean);
            squaresB += (b[i] - mean) * (b[i] - mean);
        }
        return product / Math.sqrt(squaresA * squaresB);
    }
}
