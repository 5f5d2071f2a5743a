package io.espalier.model.search;

import io.espalier.model.LayerShape;
import io.espalier.model.transformer.LayerHalf;

/** What one half of a layer's shape keeps: attention steps or FFN channels. */
final class HalfShape {
    private HalfShape() {}

    static int kept(LayerShape shape, LayerHalf half) {
        return half == LayerHalf.ATTENTION ? shape.attentionSteps() : shape.ffnChannels();
    }

    /** The shape with another number in one half. */
    static LayerShape with(LayerShape shape, LayerHalf half, int kept) {
        return half == LayerHalf.ATTENTION
                ? shape.left(kept, shape.ffnChannels())
                : shape.left(shape.attentionSteps(), kept);
    }
}
