package io.espalier.model.pruning;

import io.espalier.model.LayerShape;
import io.espalier.model.Setting;
import io.espalier.model.transformer.LayerHalf;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which numbers of units pruning may leave.
 *
 * @param channels a kept FFN width is a multiple of this, or the layer's full width
 * @param attention a kept number of attention steps ({@link LayerShape#attentionSteps}) is a multiple of this, or all of them
 * @param halves those that lose units; the others stay whole
 */
public record UnitRounding(int channels, int attention, Set<LayerHalf> halves) {
    /** A narrower FFN block costs more to launch than it computes. */
    private static final int MIN_CHANNELS = 32;

    public UnitRounding {
        halves = Set.copyOf(halves);
        require(Setting.ROUND_TO, channels);
        require(Setting.ATTENTION_ROUND_TO, attention);
    }

    /** Both halves lose units, of attention any number. */
    public UnitRounding(int channels) {
        this(channels, 1, EnumSet.allOf(LayerHalf.class));
    }

    private static void require(Setting setting, int multiple) {
        if (multiple < 1) {
            throw Share.invalid(setting, "must be at least 1, was " + multiple);
        }
    }

    /**
     * Shape of a layer after pruning. It never has fewer units than asked for.
     *
     * @param attentionSteps see {@link LayerShape#attentionSteps}; one stays in any case
     * @param ffnChannels channels to keep, before rounding up; 32 stay, or all of a narrower layer
     */
    public LayerShape left(LayerShape shape, int attentionSteps, int ffnChannels) {
        return shape.left(
                loses(LayerHalf.ATTENTION)
                        ? roundedUp(Math.max(1, attentionSteps), attention, shape.attentionSteps())
                        : shape.attentionSteps(),
                loses(LayerHalf.FEED_FORWARD)
                        ? roundedUp(Math.max(MIN_CHANNELS, ffnChannels), channels, shape.ffnChannels())
                        : shape.ffnChannels());
    }

    boolean loses(LayerHalf half) {
        return halves.contains(half);
    }

    private static int roundedUp(int wanted, int multiple, int all) {
        return (int) Math.min((wanted + multiple - 1L) / multiple * multiple, all);
    }
}
