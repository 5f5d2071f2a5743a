package io.espalier.model.search;

import io.espalier.model.transformer.LayerHalf;

/**
 * What it costs to shrink one component, which is one half of one layer, with every other component left dense.
 *
 * @param layer index of the layer
 * @param half the half of it
 * @param kept per level the attention steps or FFN channels that stay, descending; the first level keeps all
 * @param prices per level the KL divergence from the dense model to the changed one, in nats per predicted token; the
 *     first is 0
 */
public record ComponentPrices(int layer, LayerHalf half, int[] kept, double[] prices) {
    public ComponentPrices {
        if (kept.length == 0 || kept.length != prices.length || prices[0] != 0) {
            throw new IllegalArgumentException("layer %d: %d levels with %d prices, of which the first must be 0"
                    .formatted(layer, kept.length, prices.length));
        }
        kept = kept.clone();
        prices = prices.clone();
    }

    @Override
    public int[] kept() {
        return kept.clone();
    }

    @Override
    public double[] prices() {
        return prices.clone();
    }

    /** The price of keeping so many: that of a level, or what lies on the line between two levels. */
    double at(int units) {
        for (int level = 1; level < kept.length; level++) {
            if (kept[level] <= units) {
                double share = (double) (kept[level - 1] - units) / (kept[level - 1] - kept[level]);
                return prices[level - 1] + Math.max(0, share) * (prices[level] - prices[level - 1]);
            }
        }
        return prices[prices.length - 1];
    }
}
