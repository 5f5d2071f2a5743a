package io.espalier.model.sparsity;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How many weights go and among which they are chosen. */
public sealed interface SparsityPattern {
    /** Of each {@code m} consecutive weights {@code n} are kept. */
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
     * The lowest of each set of weights that are compared go.
     *
     * @param sparsity share that goes, rounded down to whole weights
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

        /** Of the decimal number that was written: 0.29 of 100 weights are 29. */
        @Override
        public long removed(long compared) {
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

    /** As requests name {@link Unstructured}. */
    String UNSTRUCTURED = "unstructured";

    /** Largest M. */
    int MOST_CONSECUTIVE = 1024;

    /** Consecutive weights that are compared, along an axis of some length. */
    int group(int length);

    /** Weights that go of each set of {@code compared} ones. */
    long removed(long compared);

    /**
     * @param what tensor and width, for the message
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the target when groups do not fill an axis
     */
    void requireDivides(int length, String what);

    /** As requests write it. */
    String label();

    /**
     * @param target {@code unstructured} or N:M with 0 &lt; N &lt; M ≤ 1024, such as {@code 2:4}
     * @param sparsity in (0, 1); not looked at for N:M, which says it itself
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
