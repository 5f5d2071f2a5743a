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
 * A pass of calibration windows through the layers up to the end of a scope. After each layer it writes the hidden
 * states to disk, so another worker can continue where one stopped.
 *
 * @param windows [n][t] token ids
 */
public record ResumablePass(Checkpoint checkpoint, int[][] windows, LayerScope scope, MemoryBudget budget) {
    /** Handles one layer of the scope. The first layer comes first. */
    @FunctionalInterface
    public interface Step {
        /**
         * Advances the stream through the layer.
         *
         * @param weights an fp32 copy of the layer's weights, which may be changed; it is freed after the call
         */
        void through(LayerStream stream, LayerLayout layer, LayerWeights weights);
    }

    /**
     * The most bytes that are held at once over {@code windows} windows of {@code length} tokens. It assumes a step
     * that first adds every chunk of windows to sums as large as the weights and then changes one linear layer at a
     * time.
     */
    public static long bytes(Footprint footprint, int windows, int length) {
        return footprint.streamedExact()
                + footprint.hidden(windows, length)
                + Math.max(footprint.activationsToSum(windows, length), footprint.largestLinear());
    }

    /**
     * Runs to the end. It continues where an earlier run with the same settings stopped, as the files in the folder
     * say. A layer is done once its output is saved. After a crash a step may therefore receive a layer a second time.
     *
     * @param position folder that only this pass uses
     * @throws io.espalier.base.EspalierException {@code INTERNAL} when a file of the folder is missing or has another
     *     size
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
