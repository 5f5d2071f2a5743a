package io.espalier.model.importance;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Parameter;
import java.nio.file.Path;
import java.util.List;

/**
 * One pass over the dense model that gathers, layer by layer, the Hessians of the attention output and of the FFN's down
 * projection, shows them and frees them: they are too large to be sent.
 *
 * @param windows [n][t] token ids
 */
public record HessianPass(Checkpoint checkpoint, int[][] windows, LayerScope scope, MemoryBudget budget) {
    /** Receives a layer's Hessians, the first layer of the scope first. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * Weights and Hessians are gone when it returns.
         *
         * @param weights of the two linear layers alone, since the Hessians are solved in much memory
         */
        void visit(LayerLayout layer, LayerWeights weights, LayerHessians hessians);
    }

    /**
     * Runs to the end; see {@link ResumablePass#run}.
     *
     * @param position folder of this pass alone
     */
    public void run(Path position, Visitor visitor, Progress progress) {
        new ResumablePass(checkpoint, windows, scope, budget)
                .run(
                        position,
                        (stream, layer, weights) -> {
                            try (LayerHessians hessians = LayerHessians.of(layer)) {
                                stream.throughInTurn(new DecoderLayer(layer, weights), hessians::add);
                                weights.drop(others(layer));
                                visitor.visit(layer, weights, hessians);
                            }
                        },
                        progress);
    }

    /**
     * Bytes held at most over {@code windows} windows of {@code length} tokens while {@link Obs} scores: the Hessians of
     * attention output and down projection, of which one after the other is inverted.
     *
     * @param cut whether the layer is cut by its scores, so that all of it is still there when it is scored
     */
    public static long bytes(Footprint footprint, int windows, int length, boolean cut) {
        long activations = footprint.activationsToSum(windows, length);
        return footprint.streamedExact()
                + footprint.hidden(windows, length)
                + footprint.largest(
                        layer -> Footprint.sum(layer.outputProjections(), linear -> Footprint.gram(linear.inputs()))
                                + Math.max(
                                        activations,
                                        Footprint.most(layer.outputProjections(), linear -> Obs.bytes(layer, linear))
                                                - (cut ? 0 : dropped(layer))));
    }

    /** Bytes of the parameters that {@link #run} frees before it shows a layer. */
    private static long dropped(LayerLayout layer) {
        return Footprint.layer(layer)
                - Footprint.sum(layer.outputProjections(), linear -> Float.BYTES * linear.weights());
    }

    /** Everything but the weights of attention output and down projection. */
    private static List<Parameter> others(LayerLayout layer) {
        List<Parameter> kept =
                layer.outputProjections().stream().map(Linear::weight).toList();
        return layer.parameters().stream()
                .filter(parameter -> !kept.contains(parameter))
                .toList();
    }
}
