package io.espalier.model.pruning;

import io.espalier.model.LayerShape;
import io.espalier.model.Setting;

/**
 * FFN widths that pruning may leave.
 *
 * @param roundTo a kept width is a multiple of this, or the layer's full width
 */
public record FfnRounding(int roundTo) {
    /** A narrower FFN block costs more to launch than it computes. */
    private static final int MIN_CHANNELS = 32;

    public FfnRounding {
        if (roundTo < 1) {
            throw Share.invalid(Setting.ROUND_TO, "must be at least 1, was " + roundTo);
        }
    }

    /**
     * Channels that a layer keeps.
     *
     * @param wanted channels it should keep
     * @return the wanted number rounded up; at least 32, or all channels of a narrower layer
     */
    int kept(LayerShape shape, int wanted) {
        long rounded = (Math.max(wanted, MIN_CHANNELS) + roundTo - 1L) / roundTo * roundTo;
        return (int) Math.min(rounded, shape.ffnChannels());
    }

    /**
     * Shape of a layer after pruning. It never has fewer units than asked for.
     *
     * @param attentionSteps see {@link LayerShape#attentionSteps}; one stays in any case
     * @param ffnChannels channels to keep, before rounding up
     */
    public LayerShape left(LayerShape shape, int attentionSteps, int ffnChannels) {
        return shape.left(Math.max(1, attentionSteps), kept(shape, ffnChannels));
    }
}
