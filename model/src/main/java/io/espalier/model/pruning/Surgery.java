package io.espalier.model.pruning;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Axis;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Parameter;
import io.espalier.model.transformer.UnitKind;
import java.util.BitSet;
import java.util.stream.IntStream;

/** Removes units from the tensors of a layer. What stays keeps its order. */
public final class Surgery {
    private final BitSet attention;
    private final BitSet ffn;

    /** @param removed units by their index in the layer as it is */
    public Surgery(RemovedUnits removed) {
        attention = bits(removed.attention());
        ffn = bits(removed.ffn());
    }

    private static BitSet bits(int[] units) {
        BitSet bits = new BitSet();
        for (int unit : units) {
            bits.set(unit);
        }
        return bits;
    }

    /** Shape of a layer without the removed units. */
    public LayerShape shape(LayerShape before) {
        int units = before.attentionUnits() - attention.cardinality();
        return before.left(units / before.unitsPerStep(), before.ffnChannels() - ffn.cardinality());
    }

    /** Positions of an axis that stay, ascending. */
    public int[] kept(Axis axis) {
        IntStream.Builder kept = IntStream.builder();
        int position = 0;
        for (Axis.Run run : axis.runs()) {
            for (int i = 0; i < run.length(); i++) {
                if (!removes(run.kind(), i / run.width())) {
                    kept.add(position + i);
                }
            }
            position += run.length();
        }
        return kept.build().toArray();
    }

    /** Attention units that stay, ascending. */
    int[] keptUnits(int units) {
        return kept(Axis.of(UnitKind.ATTENTION, units, 1));
    }

    private boolean removes(UnitKind kind, int unit) {
        return switch (kind) {
            case ATTENTION -> attention.get(unit);
            case FFN -> ffn.get(unit);
            case FIXED -> false;
        };
    }

    /**
     * Removes the units from a layer in memory.
     *
     * @param weights of the whole layer; without the removed units when this returns
     * @return the layer that computes with the remaining units
     */
    public DecoderLayer cut(LayerLayout layout, LayerWeights weights) {
        PrunedLayer layer = new PrunedLayer(layout, layout, weights, this);
        layer.cutAttention();
        layer.cutFeedForward();
        return layer.cut();
    }

    /**
     * Removes the units from one half of a layer in memory, and leaves the other half as it is.
     *
     * @param weights of the half at least; without the removed units when this returns
     * @return the layer, to compute with that half
     */
    public DecoderLayer cut(LayerLayout layout, LayerWeights weights, LayerHalf half) {
        PrunedLayer layer = new PrunedLayer(layout, layout, weights, this);
        if (half == LayerHalf.ATTENTION) {
            layer.cutAttention();
        } else {
            layer.cutFeedForward();
        }
        return layer.cut();
    }

    /**
     * Copies a tensor of the layer without the rows and columns of the removed units.
     *
     * @param whole in the shape that the parameter declares
     * @param scope owns the copy
     */
    public Tensor slice(Parameter parameter, Tensor whole, Scope scope) {
        Kernels kernels = new Kernels(scope);
        Tensor sliced = whole;
        for (int axis = 0; axis < parameter.axes().size(); axis++) {
            if (parameter.axes().get(axis).removable()) {
                sliced = kernels.select(sliced, axis, kept(parameter.axes().get(axis)));
            }
        }
        return sliced;
    }
}
