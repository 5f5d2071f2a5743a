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
 * The DaSS masks of a model: layer by layer u is measured on the dense layer behind the layers already pruned, the masks
 * follow from it and from the weights, and the windows go on through the pruned layer. The weights themselves are not kept.
 *
 * @param windows [n][t] token ids
 * @param linears of the MLP that are pruned
 * @param scope layers outside stay dense
 */
public record DassPass(
        Checkpoint checkpoint,
        int[][] windows,
        SparsityPattern pattern,
        LinearChoice linears,
        LayerScope scope,
        MemoryBudget budget) {
    private static final DassMasks DASS = new DassMasks();

    /** On the whole MLP of each layer, within the usual budget. */
    public DassPass(Checkpoint checkpoint, int[][] windows, SparsityPattern pattern, LayerScope scope) {
        this(checkpoint, windows, pattern, DASS.usualLinears(), scope, MemoryBudget.DEFAULT);
    }

    /** Receives a layer's masks, the first layer of the scope first. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * @param masks in the order the data flows
         * @param u squared sums of what enters the down projection, [f]; with the weights they give the masks again
         */
        void visit(LayerLayout layer, Map<Linear, Mask> masks, double[] u);
    }

    /** Bytes held at most over {@code windows} windows of {@code length} tokens. */
    public static long bytes(Footprint footprint, int windows, int length) {
        return ResumablePass.bytes(footprint, windows, length);
    }

    /**
     * Runs to the end; see {@link ResumablePass#run}.
     *
     * @param position folder of this pass alone
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT}, see {@link MaskCriterion#check}
     */
    public void run(Path position, Visitor visitor, Progress progress) {
        DASS.check(ModelLayout.of(checkpoint), pattern, linears);
        new ResumablePass(checkpoint, windows, scope, budget)
                .run(position, (stream, layer, weights) -> through(stream, layer, weights, visitor), progress);
    }

    private void through(LayerStream stream, LayerLayout layer, LayerWeights weights, Visitor visitor) {
        DecoderLayer decoder = new DecoderLayer(layer, weights);
        stream.throughAttention(decoder);
        double[] u = measured(stream, decoder);
        Map<Linear, Mask> masks = masks(layer, weights, u, pattern, linears);
        visitor.visit(layer, masks, u);
        masks.forEach((linear, mask) -> mask.clearRemoved(weights.get(linear.weight())));
        stream.throughFeedForward(decoder);
    }

    private static double[] measured(LayerStream stream, DecoderLayer decoder) {
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
     * The masks of one layer, from what its visitor was told.
     *
     * @param u as in {@link Visitor#visit}
     */
    public static Map<Linear, Mask> masks(
            LayerLayout layer, LayerWeights weights, double[] u, SparsityPattern pattern, LinearChoice linears) {
        String down = layer.feedForward().down().module();
        // Neither how many tokens there were nor their sums enter the scores.
        InputStatistics statistics = new InputStatistics(Map.of(down, new FeatureMoments(1, new double[u.length], u)));
        return DASS.masks(new LayerEvidence(layer, weights, 0).with(statistics), pattern, linears);
    }
}
