package io.espalier.model.pruning;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import java.util.Arrays;
import java.util.List;

/**
 * The units that one layer loses, by their index in the dense layer.
 *
 * @param attention attention units, strictly ascending
 * @param ffn FFN channels, strictly ascending
 */
public record RemovedUnits(int[] attention, int[] ffn) {
    /** Removes nothing; for a layer outside the scope. */
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

    /**
     * @param removed one per layer
     * @param shapes of the layers
     * @throws EspalierException {@code INVALID_ARGUMENT} when units do not exist or a layer would lose all
     */
    public static void check(List<RemovedUnits> removed, List<LayerShape> shapes) {
        if (removed.size() != shapes.size()) {
            throw invalid("given for %d of %d layers".formatted(removed.size(), shapes.size()));
        }
        for (int layer = 0; layer < shapes.size(); layer++) {
            LayerShape shape = shapes.get(layer);
            check(layer, "attention units", removed.get(layer).attention, shape.attentionUnits());
            check(layer, "FFN channels", removed.get(layer).ffn, shape.ffnChannels());
            checkEven(layer, removed.get(layer).attention, shape);
        }
    }

    private static void checkEven(int layer, int[] removed, LayerShape shape) {
        int[] perGroup = new int[shape.unitsPerStep()];
        Arrays.stream(removed).forEach(unit -> perGroup[unit / shape.attentionSteps()]++);
        if (Arrays.stream(perGroup).distinct().count() > 1) {
            throw invalid("layer %d would lose more query heads in one KV group than in another".formatted(layer));
        }
    }

    private static void check(int layer, String kind, int[] removed, int there) {
        if (removed.length >= there || (removed.length > 0 && removed[removed.length - 1] >= there)) {
            throw invalid("layer %d has %d %s, of which at least one must stay".formatted(layer, there, kind));
        }
    }

    private static EspalierException invalid(String what) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, "removed units: " + what);
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
