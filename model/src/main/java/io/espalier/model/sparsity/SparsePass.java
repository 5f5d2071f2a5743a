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
 * Writes a checkpoint with zeros in place of the weights that go, one layer in memory at a time. Every shape, every storage
 * type and the config stay as they are.
 *
 * @param scope layers outside are copied
 */
public record SparsePass(Checkpoint checkpoint, LayerScope scope) {
    /** Gives the masks of a layer. */
    @FunctionalInterface
    public interface MaskSource {
        /**
         * @param weights of the layer, for a source that computes the masks from them
         * @return none for a linear layer that stays dense
         */
        Map<Linear, Mask> masks(LayerLayout layer, LayerWeights weights);
    }

    /** Bytes held at most where the source chooses the masks from the weights: a layer, and one matrix while it is written. */
    public static long bytes(Footprint footprint) {
        return footprint.layer() + footprint.largestLinear();
    }

    /**
     * Writes every tensor of the checkpoint; the same masks give the same bytes.
     *
     * @param out declared with the checkpoint's tensors; not finished here
     * @return what became of each masked tensor, in the order of the layers
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
