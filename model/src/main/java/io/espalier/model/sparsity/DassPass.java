package io.espalier.model.sparsity;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.FeatureMoments;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.ResumablePass;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Computes the DaSS masks of a model, one layer after the other. In each layer the pass measures u, the sums of squares of the
 * inputs of the down projection, with this layer still dense and the layers before it already pruned. It computes the masks
 * from u and the weights. Then it sends the hidden states through the pruned MLP. The pass keeps no pruned weights.
 *
 * @param windows token ids of the calibration windows, [n][t]
 * @param linears the linear layers of the MLP that are pruned
 * @param scope the layers that are pruned; the others stay dense
 */
public record DassPass(
        Checkpoint checkpoint,
        int[][] windows,
        SparsityPattern pattern,
        LinearChoice linears,
        LayerScope scope,
        MemoryBudget budget) {
    private static final DassMasks DASS = new DassMasks();

    /** A pass that prunes the whole MLP of each layer within {@link MemoryBudget#DEFAULT}. */
    public DassPass(Checkpoint checkpoint, int[][] windows, SparsityPattern pattern, LayerScope scope) {
        this(checkpoint, windows, pattern, DASS.usualLinears(), scope, MemoryBudget.DEFAULT);
    }

    /** Receives a layer's masks, the first layer of the scope first. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * @param masks the masks in the order in which the data flows through the layer
         * @param u sums of squares of the inputs of the down projection, [f]; {@link DassPass#masks} computes the same masks from
         *     u and the dense weights
         */
        void visit(LayerLayout layer, Map<Linear, Mask> masks, double[] u);
    }

    /** The most bytes that the pass holds at once for {@code windows} windows of {@code length} tokens. */
    public static long bytes(Footprint footprint, int windows, int length) {
        return ResumablePass.bytes(footprint, windows, length);
    }

    /**
     * Runs the pass from the position that an earlier run saved, as in {@link ResumablePass#run}.
     *
     * @param position folder in which only this pass saves its position
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} as in {@link MaskCriterion#check}
     */
    public void run(Path position, Visitor visitor, Progress progress) {
        DASS.check(ModelLayout.of(checkpoint), pattern, linears);
        new ResumablePass(checkpoint, windows, scope, budget)
                .run(position, (stream, layer, weights) -> pruneLayer(stream, layer, weights, visitor), progress);
    }

    private void pruneLayer(LayerStream stream, LayerLayout layer, LayerWeights weights, Visitor visitor) {
        DecoderLayer decoder = new DecoderLayer(layer, weights);
        stream.throughAttention(decoder);
        double[] u = downInputSquares(stream, decoder);
        Map<Linear, Mask> masks = masks(layer, weights, u, pattern, linears);
        visitor.visit(layer, masks, u);
        masks.forEach((linear, mask) -> mask.clearRemoved(weights.get(linear.weight())));
        stream.throughFeedForward(decoder);
    }

    private static double[] downInputSquares(LayerStream stream, DecoderLayer decoder) {
        Linear down = decoder.layout().feedForward().down();
        List<FeatureMoments> chunks = new ArrayList<>();
        stream.peekFeedForward(
                decoder,
                (linear, x) -> {
                    if (linear.equals(down)) {
                        chunks.add(FeatureMoments.of(x));
                    }
                },
                null);
        return chunks.stream().reduce(FeatureMoments::plus).orElseThrow().squares();
    }

    /**
     * Computes the masks of one layer again from the values that a {@link Visitor} received.
     *
     * @param weights the dense weights of the layer
     * @param u sums of squares of the inputs of the down projection, [f]
     */
    public static Map<Linear, Mask> masks(
            LayerLayout layer, LayerWeights weights, double[] u, SparsityPattern pattern, LinearChoice linears) {
        String down = layer.feedForward().down().module();
        // The scores depend on u alone, so the number of tokens and their sums may have any value.
        InputStatistics statistics = new InputStatistics(Map.of(down, new FeatureMoments(1, new double[u.length], u)));
        return DASS.masks(new LayerEvidence(layer, weights, 0).with(statistics), pattern, linears);
    }
}
