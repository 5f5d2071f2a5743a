package io.espalier.model.importance;

import io.espalier.model.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.pruning.LayerScope;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.List;

/**
 * One pass over the dense model that gathers, layer by layer, the Hessians of the attention output and of the FFN's down
 * projection, shows them and frees them: they are too large to be sent. What leaves each layer goes to disk, so a
 * successor continues where a worker stopped.
 *
 * @param windows [n][t] token ids
 */
public record HessianPass(Checkpoint checkpoint, int[][] windows, LayerScope scope) {
    /** Receives a layer's Hessians, the first layer of the scope first. */
    @FunctionalInterface
    public interface Visitor {
        /** Weights and Hessians are gone when it returns. */
        void visit(LayerLayout layer, LayerWeights weights, LayerHessians hessians);
    }

    /**
     * Runs to the end, from the position that an earlier run of the same record left in the folder. A layer counts as
     * visited once the position behind it is saved.
     *
     * @param position folder of this pass alone
     */
    public void run(Path position, Visitor visitor, Progress progress) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        List<int[][]> chunks = LayerStream.chunked(windows);
        BoundaryFiles hidden = new BoundaryFiles(position, "hidden", chunks.size());
        int first = hidden.highest(1, scope.last()).orElse(0);
        try (LayerStream stream = first == 0
                ? LayerStream.embed(checkpoint, layout, windows)
                : LayerStream.resumed(
                        windows,
                        (chunk, owner) -> hidden.load(
                                first,
                                chunk,
                                owner,
                                chunks.get(chunk).length,
                                windows[0].length,
                                layout.hiddenSize()))) {
            for (LayerLayout layer : layout.layers().subList(first, scope.last())) {
                try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                    if (scope.contains(layer.index())) {
                        visit(stream, layer, weights, visitor);
                    } else {
                        stream.through(new DecoderLayer(layer, weights));
                    }
                }
                hidden.save(layer.index() + 1, stream.chunks());
                long tokens = (layer.index() + 1 - first) * stream.tokens();
                progress.advanced("layers", layer.index() + 1L, scope.last(), tokens);
            }
        }
    }

    private static void visit(LayerStream stream, LayerLayout layer, LayerWeights weights, Visitor visitor) {
        try (LayerHessians hessians = new LayerHessians(
                List.of(layer.attention().output(), layer.feedForward().down()))) {
            stream.through(new DecoderLayer(layer, weights).watched(hessians::add));
            visitor.visit(layer, weights, hessians);
        }
    }
}
