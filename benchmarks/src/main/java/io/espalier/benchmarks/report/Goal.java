package io.espalier.benchmarks.report;

import java.util.Locale;

/**
 * A bound an outcome should keep.
 *
 * @param atLeast whether the bound is the least; else it is the most
 */
public record Goal(double bound, boolean atLeast) {
    public static Goal atLeast(double bound) {
        return new Goal(bound, true);
    }

    public static Goal atMost(double bound) {
        return new Goal(bound, false);
    }

    boolean isMetBy(double outcome) {
        return atLeast ? outcome >= bound : outcome <= bound;
    }

    @Override
    public String toString() {
        return (atLeast ? "≥ " : "≤ ") + String.format(Locale.ROOT, "%.2f", bound);
    }
}
