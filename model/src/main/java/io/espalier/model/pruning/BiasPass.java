package io.espalier.model.pruning;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;

/**
 * Bias compensation as in FLAP (section 3). Every mean is taken in the dense model, so the calibration windows pass
 * each layer before it loses its units.
 *
 * @param stream hidden states of the calibration windows in the dense model
 */
public record BiasPass(LayerStream stream) implements CalibrationPass {
    static BiasPass begin(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
        return new BiasPass(LayerStream.embedToSum(checkpoint, layout, windows, budget));
    }

    /**
     * Bytes held at most over {@code windows} windows of {@code length} tokens: beside the layer the columns that go, and
     * what enters them or one matrix while it is cut.
     */
    public static long bytes(Footprint footprint, int windows, int length) {
        return footprint.layer()
                + footprint.hidden(windows, length)
                + footprint.largest(
                        layer -> Footprint.sum(layer.outputProjections(), linear -> Float.BYTES * linear.weights()))
                + Math.max(2 * footprint.activationsToSum(windows, length), footprint.largestLinear());
    }

    @Override
    public LayerRepair through(PrunedLayer layer, PrunedLayer.Destination destination) {
        Linear output = layer.outputProjection();
        Linear down = layer.downProjection();
        if (!layer.loses(output) && !layer.loses(down)) {
            stream.through(layer.whole());
            return new LayerRepair(layer.index(), LinearRepair.UNTOUCHED, LinearRepair.UNTOUCHED);
        }
        try (Scope scope = Scope.open()) {
            LostMean attention = new LostMean(layer.lostColumns(output, scope), scope);
            LostMean ffn = new LostMean(layer.lostColumns(down, scope), scope);
            stream.throughInTurn(layer.whole(), (linear, x) -> {
                if (linear.equals(output)) {
                    attention.add(x);
                } else if (linear.equals(down)) {
                    ffn.add(x);
                }
            });
            layer.cutAttention();
            layer.cutFeedForward();
            layer.addBias(output, attention.mean());
            layer.addBias(down, ffn.mean());
            return new LayerRepair(layer.index(), attention.repair(), ffn.repair());
        }
    }

    @Override
    public long tokens() {
        return stream.tokens();
    }

    @Override
    public void close() {
        stream.close();
    }
}
