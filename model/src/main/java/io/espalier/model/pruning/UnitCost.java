package io.espalier.model.pruning;

import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Parameter;
import io.espalier.model.transformer.UnitKind;

/**
 * How many weights are removed with one unit of a layer. Biases do not count, as in FLAP's released code.
 *
 * @param attention weights of a head or KV group in all matrices of attention
 * @param channel weights of an FFN channel in all matrices of the feed-forward block
 */
public record UnitCost(long attention, long channel) {
    public static UnitCost of(LayerLayout layer) {
        return new UnitCost(of(layer, UnitKind.ATTENTION), of(layer, UnitKind.FFN));
    }

    private static long of(LayerLayout layer, UnitKind kind) {
        long cost = 0;
        for (Linear linear : layer.linears()) {
            Parameter weight = linear.weight();
            cost += (long) weight.rows().unitWidth(kind) * linear.inputs()
                    + (long) weight.columns().unitWidth(kind) * linear.outputs();
        }
        return cost;
    }
}
