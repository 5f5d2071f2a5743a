package io.espalier.model.importance;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.nio.file.Path;
import java.util.List;

/**
 * Takes windows through a model up to the end of a scope. What leaves each layer goes to disk, so a successor continues
 * where a worker stopped.
 *
 * @param windows [n][t] token ids
 */
public record ResumablePass(Checkpoint checkpoint, int[][] windows, LayerScope scope, MemoryBudget budget) {
    /** What happens at a layer of the scope, the first layer first. */
    @FunctionalInterface
    public interface Step {
        /**
         * Sends the stream through the layer.
         *
         * @param weights may be changed; gone when it returns
         */
        void through(LayerStream stream, LayerLayout layer, LayerWeights weights);
    }

    /**
     * Bytes held at most over {@code windows} windows of {@code length} tokens by a step that measures a layer, adding chunk
     * to chunk, and then changes one linear layer after the other.
     */
    public static long bytes(Footprint footprint, int windows, int length) {
        return footprint.streamedExact()
                + footprint.hidden(windows, length)
                + Math.max(footprint.activationsToSum(windows, length), footprint.largestLinear());
    }

    /**
     * Runs to the end, from the position that an earlier run of the same record left in the folder. A layer counts as
     * passed once the position behind it is saved, so a step may see the layer of a crash twice.
     *
     * @param position folder of this pass alone
     */
    public void run(Path position, Step step, Progress progress) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        List<int[][]> chunks = LayerStream.chunkedToSum(windows, layout, budget);
        BoundaryFiles hidden = new BoundaryFiles(position, "hidden", chunks.size());
        int first = hidden.highest(1, scope.last()).orElse(0);
        try (LayerStream stream = first == 0
                ? LayerStream.embed(checkpoint, layout, chunks)
                : LayerStream.resumed(
                        chunks,
                        (chunk, owner) -> hidden.load(
                                first,
                                chunk,
                                owner,
                                chunks.get(chunk).length,
                                windows[0].length,
                                layout.hiddenSize()))) {
            List<LayerLayout> layers = layout.layers().subList(first, scope.last());
            WeightStream.forEachCopied(checkpoint, layers, budget, (layer, weights) -> {
                if (scope.contains(layer.index())) {
                    step.through(stream, layer, weights);
                } else {
                    stream.through(new DecoderLayer(layer, weights));
                }
                hidden.save(layer.index() + 1, stream.chunks());
                long tokens = (layer.index() + 1 - first) * stream.tokens();
                progress.advanced("layers", layer.index() + 1L, scope.last(), tokens);
            });
        }
    }
}
