package io.espalier.benchmarks.measure;

import java.util.Arrays;

/**
 * Two things timed in turns, so that whatever else the machine does hits both.
 *
 * @param base median seconds of the first
 * @param ratio median of the other's time over that of the first right before it
 */
record Alternation(double base, double ratio) {
    private static final double NANOS = 1e9;

    /** Both run once unmeasured where {@code repetitions} > 1; a single repetition warms up the first alone. */
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
