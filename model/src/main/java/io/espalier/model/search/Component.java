package io.espalier.model.search;

import io.espalier.model.LayerShape;
import io.espalier.model.pruning.RemovalOrder;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.UnitKind;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * One half of one layer, whose units go in a given order.
 *
 * @param order of the layer's units, the first to remove first
 */
record Component(LayerLayout layout, LayerHalf half, RemovalOrder order) {
    /** Levels are at most so many, beside the one that keeps all. */
    static final int STEPS = 12;

    LayerShape shape() {
        return layout.shape();
    }

    /** How many attention steps or FFN channels may stay, descending from all: multiples of a twelfth, rounded. */
    int[] levels(SearchSpace space) {
        int all = HalfShape.kept(shape(), half);
        return IntStream.rangeClosed(0, STEPS)
                .map(step -> (int) ((long) all * (STEPS - step) / STEPS))
                .map(kept -> half == LayerHalf.ATTENTION
                        ? space.rounding()
                                .left(shape(), kept, shape().ffnChannels())
                                .attentionSteps()
                        : space.rounding()
                                .left(shape(), shape().attentionSteps(), kept)
                                .ffnChannels())
                .distinct()
                .toArray();
    }

    /** The units of this half alone that go when so many attention steps or FFN channels stay. */
    RemovedUnits removed(int kept) {
        return order.between(shape(), HalfShape.with(shape(), half, kept));
    }

    /** The linear layer at the end of the half, whose input columns belong to its units. */
    Linear outputProjection() {
        return layout.outputProjection(half);
    }

    /** The input columns of the output projection in the order in which they go. */
    int[] columns() {
        int[] units = half == LayerHalf.ATTENTION ? order.attention() : order.ffn();
        int width = columnsPerUnit();
        return Arrays.stream(units)
                .flatMap(unit -> IntStream.range(unit * width, (unit + 1) * width))
                .toArray();
    }

    /** How many input columns of the output projection go when so many attention steps or FFN channels stay. */
    int lostColumns(int kept) {
        int perStep = half == LayerHalf.ATTENTION ? shape().unitsPerStep() : 1;
        return (HalfShape.kept(shape(), half) - kept) * perStep * columnsPerUnit();
    }

    private int columnsPerUnit() {
        UnitKind kind = half == LayerHalf.ATTENTION ? UnitKind.ATTENTION : UnitKind.FFN;
        return outputProjection().weight().columns().unitWidth(kind);
    }
}
