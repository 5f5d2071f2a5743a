package io.espalier.model.transformer;

import io.espalier.model.EspalierException;
import io.espalier.model.tensor.Computation;

/** What a pass over a model holds in native memory at once, in bytes; weights read ahead are not counted. */
public record Footprint(ModelLayout layout, Computation computation) {
    /** Of the windows' hidden states: those before and those behind a layer. */
    public long hidden(int windows, int length) {
        return (long) windows * length * layout.hiddenSize() * Float.BYTES;
    }

    private long largestLayer() {
        return layout.layers().stream()
                .mapToLong(layer -> layer.bytes(computation.type()))
                .max()
                .orElseThrow();
    }

    private long activations(int length) {
        long widest = layout.layers().stream()
                .mapToLong(layer -> layer.activationBytes(layout.hiddenSize()))
                .max()
                .orElseThrow();
        return widest * Math.max(length, LayerStream.rows(layout, computation));
    }

    /**
     * That a pass of some streams of the same windows, with a copy of a layer's weights if need be, fits the budget.
     *
     * @param streams that are carried along together
     * @throws EspalierException {@code INVALID_ARGUMENT} naming {@code espalier.memory.budget} and the bytes needed
     */
    public void check(int windows, int length, int streams) {
        long needed = 2 * largestLayer() + activations(length) + streams * hidden(windows, length);
        computation
                .budget()
                .require("%d windows of %d tokens behind one layer of this model".formatted(windows, length), needed);
    }
}
