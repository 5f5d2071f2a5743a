package io.espalier.pruner.domain;

import io.espalier.model.transformer.LayerHalf;

/** One half of one layer: what a search shrinks on its own. */
public record Component(int layer, LayerHalf half) {
    private static final String ATTENTION = "attention";
    private static final String FFN = "ffn";

    /** Names it within its model: {@code 3-attention}. */
    String name() {
        return layer + "-" + label();
    }

    /** What the half is called: {@code attention} or {@code ffn}. */
    public String label() {
        return half == LayerHalf.ATTENTION ? ATTENTION : FFN;
    }

    /** @throws IllegalArgumentException for another label */
    public static Component of(int layer, String label) {
        return switch (label) {
            case ATTENTION -> new Component(layer, LayerHalf.ATTENTION);
            case FFN -> new Component(layer, LayerHalf.FEED_FORWARD);
            default -> throw new IllegalArgumentException("no half of a layer: " + label);
        };
    }
}
