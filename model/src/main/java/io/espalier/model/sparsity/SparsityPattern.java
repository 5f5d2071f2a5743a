package io.espalier.model.sparsity;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A sparsity pattern says how many weights are removed and which weights are compared with each other. */
public sealed interface SparsityPattern {
    /** N:M sparsity keeps {@code n} of each {@code m} consecutive weights. */
    record NofM(int n, int m) implements SparsityPattern {
        public NofM {
            if (n < 1 || n >= m || m > MOST_CONSECUTIVE) {
                throw invalid(
                        Setting.TARGET,
                        "%d:%d keeps %d of each %d weights; give N:M with 0 < N < M <= %d"
                                .formatted(n, m, n, m, MOST_CONSECUTIVE));
            }
        }

        @Override
        public int group(int length) {
            return m;
        }

        @Override
        public long removed(long compared) {
            return (long) m - n;
        }

        @Override
        public void requireDivides(int length, String what) {
            if (length % m != 0) {
                throw invalid(
                        Setting.TARGET,
                        "%s compares %d consecutive weights, but %s, which %d does not divide; choose another pattern"
                                .formatted(label(), m, what, m));
            }
        }

        @Override
        public String label() {
            return n + ":" + m;
        }
    }

    /**
     * Unstructured sparsity removes the same share of every set of weights that a criterion compares, at any
     * positions in the set.
     *
     * @param sparsity share of the weights that is removed, in (0, 1); the number of weights is rounded down
     */
    record Unstructured(double sparsity) implements SparsityPattern {
        public Unstructured {
            if (!(sparsity > 0 && sparsity < 1)) {
                throw invalid(Setting.SPARSITY, "must lie between 0 and 1, was " + sparsity);
            }
        }

        @Override
        public int group(int length) {
            return length;
        }

        @Override
        public long removed(long compared) {
            // In binary floating point 0.29 · 100 is below 29 and would be rounded down to 28. Decimal arithmetic gives
            // 29.
            return BigDecimal.valueOf(sparsity)
                    .multiply(BigDecimal.valueOf(compared))
                    .setScale(0, RoundingMode.FLOOR)
                    .longValueExact();
        }

        @Override
        public void requireDivides(int length, String what) {}

        @Override
        public String label() {
            return UNSTRUCTURED;
        }
    }

    /** The name of {@link Unstructured} in requests. */
    String UNSTRUCTURED = "unstructured";

    /** The largest M of an N:M pattern. */
    int MOST_CONSECUTIVE = 1024;

    /**
     * The number of consecutive weights that are compared with each other.
     *
     * @param length number of weights along the axis
     */
    int group(int length);

    /**
     * The number of weights that are removed from a set.
     *
     * @param compared number of weights in the set; N:M ignores it and counts for one group of M
     */
    long removed(long compared);

    /**
     * Checks that groups of {@link #group} weights divide an axis.
     *
     * @param length number of weights along the axis
     * @param what the tensor and its width, for the message
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the target when they do not
     */
    void requireDivides(int length, String what);

    /** The pattern as requests write it: {@code 2:4} or {@code unstructured}. */
    String label();

    /**
     * @param target {@code unstructured} or N:M with 0 &lt; N &lt; M ≤ 1024, such as {@code 2:4}
     * @param sparsity in (0, 1); ignored for N:M, which determines its own sparsity
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the target or the sparsity
     */
    static SparsityPattern parse(String target, double sparsity) {
        if (target.equals(UNSTRUCTURED)) {
            return new Unstructured(sparsity);
        }
        Matcher pattern = Pattern.compile("(\\d{1,4}):(\\d{1,4})").matcher(target);
        if (!pattern.matches()) {
            throw invalid(
                    Setting.TARGET,
                    "'%s' is no pattern of single weights; give N:M such as 2:4, or unstructured".formatted(target));
        }
        return new NofM(Integer.parseInt(pattern.group(1)), Integer.parseInt(pattern.group(2)));
    }

    private static InvalidSetting invalid(Setting setting, String what) {
        return new InvalidSetting(setting, what);
    }
}
