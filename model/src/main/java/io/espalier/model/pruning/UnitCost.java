package io.espalier.model.pruning;

import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Parameter;
import io.espalier.model.transformer.UnitKind;

/**
 * Weights that go with one unit of a layer; biases do not count (FLAP's released code, for any family).
 *
 * @param attention of a head or KV group, in all its matrices
 * @param channel of an FFN channel
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
