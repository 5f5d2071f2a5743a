package io.espalier.model.sparsity;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes a checkpoint in which the removed weights are zero. It holds one layer in memory at a time. Shapes, storage types and
 * config do not change.
 *
 * @param scope the layers that are masked; the tensors of the others are copied
 */
public record SparsePass(Checkpoint checkpoint, LayerScope scope) {
    /** Supplies the masks of a layer. */
    @FunctionalInterface
    public interface MaskSource {
        /**
         * @param weights the weights of the layer, for a source that computes the masks from them
         * @return the mask of each linear layer that is pruned; a linear layer without a mask stays dense
         */
        Map<Linear, Mask> masks(LayerLayout layer, LayerWeights weights);
    }

    /**
     * The most bytes that the pass holds at once when the source computes the masks from the weights: one layer, and a working
     * copy of one weight matrix.
     */
    public static long bytes(Footprint footprint) {
        return footprint.layer() + footprint.largestLinear();
    }

    /**
     * Writes every tensor of the checkpoint. The same masks give the same bytes.
     *
     * @param out a writer that was opened for the checkpoint's tensors; the caller finishes it
     * @return one report for each masked tensor, in the order of the layers
     * @throws io.espalier.base.EspalierException {@code MODEL_CORRUPT} naming a tensor with NaN or infinite weights
     */
    public List<MaskReport> run(MaskSource source, CheckpointWriter out, Progress progress) {
        List<MaskReport> reports = new ArrayList<>();
        SparseTensors written = new SparseTensors(checkpoint, out);
        for (LayerLayout layer : ModelLayout.of(checkpoint).layers().subList(scope.first(), scope.last())) {
            try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                source.masks(layer, weights).forEach((linear, mask) -> {
                    Tensor weight = weights.get(linear.weight());
                    mask.clearRemoved(weight);
                    written.write(linear, weight);
                    reports.add(MaskReport.of(linear, mask));
                });
            }
            progress.advanced("layers", layer.index() + 1L - scope.first(), scope.size(), 0);
        }
        written.copyOthers();
        return reports;
    }
}
