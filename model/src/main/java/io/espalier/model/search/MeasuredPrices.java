package io.espalier.model.search;

import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.transformer.Footprint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Prices of one component's levels, each measured by running the model with that level and everything else dense.
 *
 * @param windows [n][t] token ids
 */
public record MeasuredPrices(SearchSpace space, int[][] windows) {
    /** Below this, in nats per token, a level costs nothing that matters. */
    private static final double NOTHING = 1e-4;

    /** The estimate is too low where it is large: above this, no budget that leaves a model is met by such a level. */
    private static final double HOPELESS = 1;

    /** Tokens that the divergence is measured on, or one window; each level holds hidden states for all of them. */
    private static final int TOKENS = 2048;

    /**
     * Measures the levels whose estimate is neither nothing nor hopeless; the others keep their estimate.
     *
     * @param estimated the component with its estimated prices
     */
    public ComponentPrices of(ComponentPrices estimated, Progress progress) {
        int[] kept = estimated.kept();
        double[] prices = estimated.prices();
        List<Integer> levels = new ArrayList<>();
        List<List<LayerShape>> candidates = new ArrayList<>();
        List<LayerShape> dense = space.checkpoint().config().layers();
        for (int level = 1; level < kept.length; level++) {
            if (prices[level] >= NOTHING && prices[level] <= HOPELESS) {
                levels.add(level);
                candidates.add(CheapestShapes.with(dense, estimated, kept[level]));
            }
        }
        if (!levels.isEmpty()) {
            int[][] some = Arrays.copyOf(windows, measured(windows.length, windows[0].length));
            double[] measured = new Divergence(space, windows, some).of(candidates, progress);
            for (int i = 0; i < measured.length; i++) {
                prices[levels.get(i)] = measured[i];
            }
        }
        return new ComponentPrices(estimated.layer(), estimated.half(), kept, prices);
    }

    /** The most bytes that are held at once over {@code windows} windows of {@code length} tokens. */
    public static long bytes(Footprint footprint, int windows, int length) {
        return Divergence.bytes(footprint, windows, measured(windows, length), length, Component.STEPS);
    }

    /** How many of the windows the divergence is measured on. */
    private static int measured(int windows, int length) {
        return Math.min(windows, Math.max(1, TOKENS / length));
    }
}
