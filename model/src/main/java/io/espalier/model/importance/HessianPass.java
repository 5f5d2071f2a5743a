package io.espalier.model.importance;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
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
                                weights.drop(silent(layer));
                                visitor.visit(layer, weights, hessians);
                            }
                        },
                        progress);
    }

    /** All that the units of a layer do not speak through. */
    private static List<Parameter> silent(LayerLayout layer) {
        List<Parameter> spoken =
                layer.outputProjections().stream().map(Linear::weight).toList();
        return layer.parameters().stream()
                .filter(parameter -> !spoken.contains(parameter))
                .toList();
    }
}
