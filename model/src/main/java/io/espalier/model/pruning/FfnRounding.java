package io.espalier.model.pruning;

import io.espalier.model.LayerShape;
import io.espalier.model.Setting;

/**
 * Widths that an FFN block may be cut to.
 *
 * @param roundTo kept widths are rounded up to a multiple of this, as far as the layer is wide
 */
public record FfnRounding(int roundTo) {
    /** Narrower FFN blocks are not worth their launch. */
    private static final int MIN_CHANNELS = 32;

    public FfnRounding {
        if (roundTo < 1) {
            throw Share.invalid(Setting.ROUND_TO, "must be at least 1, was " + roundTo);
        }
    }

    /** Channels a layer keeps where it should keep so many; at least 32, or all if there are fewer. */
    int kept(LayerShape shape, int wanted) {
        long rounded = (Math.max(wanted, MIN_CHANNELS) + roundTo - 1L) / roundTo * roundTo;
        return (int) Math.min(rounded, shape.ffnChannels());
    }

    /** The layer with so many units at most removed. */
    public LayerShape left(LayerShape shape, int attentionUnits, int ffnChannels) {
        int units = Math.max(1, attentionUnits);
        return new LayerShape(units * shape.headsPerUnit(), units, shape.headDim(), kept(shape, ffnChannels));
    }
}
