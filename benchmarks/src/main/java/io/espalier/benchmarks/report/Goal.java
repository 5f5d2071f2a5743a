package io.espalier.benchmarks.report;

import java.util.Locale;

/**
 * A bound that an outcome should meet.
 *
 * @param atLeast whether the bound is a minimum; else it is a maximum
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
