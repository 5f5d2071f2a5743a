package io.espalier.model.pruning;

import java.util.Arrays;

/**
 * Units one layer loses, by their index in the dense layer.
 *
 * @param attention heads or KV groups, strictly ascending
 * @param ffn FFN channels, strictly ascending
 */
public record RemovedUnits(int[] attention, int[] ffn) {
    /** A layer outside the scope. */
    public static final RemovedUnits NONE = new RemovedUnits(new int[0], new int[0]);

    public RemovedUnits {
        attention = ascending("attention", attention);
        ffn = ascending("ffn", ffn);
    }

    @Override
    public int[] attention() {
        return attention.clone();
    }

    @Override
    public int[] ffn() {
        return ffn.clone();
    }

    public boolean isEmpty() {
        return attention.length == 0 && ffn.length == 0;
    }

    private static int[] ascending(String kind, int[] units) {
        int[] copy = units.clone();
        for (int i = 0; i < copy.length; i++) {
            if (copy[i] < 0 || (i > 0 && copy[i] <= copy[i - 1])) {
                throw new IllegalArgumentException(kind + " units must ascend: " + Arrays.toString(copy));
            }
        }
        return copy;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RemovedUnits that
                && Arrays.equals(attention, that.attention)
                && Arrays.equals(ffn, that.ffn);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(attention) + Arrays.hashCode(ffn);
    }

    @Override
    public String toString() {
        return "RemovedUnits[attention=" + Arrays.toString(attention) + ", ffn=" + Arrays.toString(ffn) + "]";
    }
}
