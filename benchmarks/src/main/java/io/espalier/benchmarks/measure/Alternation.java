package io.espalier.benchmarks.measure;

import java.util.Arrays;

/**
 * Times two pieces of work in turns, so that other load on the machine affects both.
 *
 * @param base median time of the first, in seconds
 * @param ratio median of the second's time divided by the time of the first right before it
 */
record Alternation(double base, double ratio) {
    private static final double NANOS = 1e9;

    /** With several repetitions, both run once without being timed. With one repetition, only the first does. */
    static Alternation of(Runnable base, Runnable other, int repetitions) {
        base.run();
        if (repetitions > 1) {
            other.run();
        }
        double[] bases = new double[repetitions];
        double[] ratios = new double[repetitions];
        for (int i = 0; i < repetitions; i++) {
            bases[i] = seconds(base);
            ratios[i] = seconds(other) / bases[i];
        }
        return new Alternation(median(bases), median(ratios));
    }

    static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / NANOS;
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
