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
 * One pass over the dense model that computes the Hessians of each layer's output projection and down projection. It
 * hands a layer's Hessians to a visitor and frees them before the next layer, because they are too large to be sent to
 * another worker.
 *
 * @param windows [n][t] token ids
 */
public record HessianPass(Checkpoint checkpoint, int[][] windows, LayerScope scope, MemoryBudget budget) {
    /** Receives a layer's Hessians. The first layer of the scope comes first. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * Uses a layer's Hessians. The weights and the Hessians are freed after the call.
         *
         * @param weights of the output projection and the down projection only; the layer's other weights were freed
         *     already, because solving the Hessians takes much memory
         */
        void visit(LayerLayout layer, LayerWeights weights, LayerHessians hessians);
    }

    /**
     * Runs to the end, or continues an earlier run as {@link ResumablePass#run} does.
     *
     * @param position folder that only this pass uses
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
     * The most bytes that are held at once over {@code windows} windows of {@code length} tokens when {@link Obs}
     * scores each layer. They include the Hessians of the output projection and the down projection, which are inverted
     * one after the other.
     *
     * @param cut whether the layer is also pruned by its scores, so that all its weights are in memory while it is
     *     scored
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

    /** The bytes of the parameters that {@link #run} frees before it calls the visitor. */
    private static long dropped(LayerLayout layer) {
        return Footprint.layer(layer)
                - Footprint.sum(layer.outputProjections(), linear -> Float.BYTES * linear.weights());
    }

    /** All parameters of a layer except the weights of its output projection and down projection. */
    private static List<Parameter> others(LayerLayout layer) {
        List<Parameter> kept =
                layer.outputProjections().stream().map(Linear::weight).toList();
        return layer.parameters().stream()
                .filter(parameter -> !kept.contains(parameter))
                .toList();
    }
}
