package io.espalier.model.search;

import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
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

    /** Tokens that the divergence is measured on. More of them change the third digit. */
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
            double[] measured = new Divergence(space, windows, some(windows)).of(candidates, progress);
            for (int i = 0; i < measured.length; i++) {
                prices[levels.get(i)] = measured[i];
            }
        }
        return new ComponentPrices(estimated.layer(), estimated.half(), kept, prices);
    }

    private static int[][] some(int[][] windows) {
        return Arrays.copyOf(windows, Math.min(windows.length, Math.max(1, TOKENS / windows[0].length)));
    }
}
