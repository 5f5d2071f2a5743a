package io.espalier.model.pruning;

import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.HessianPass;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerHessians;
import io.espalier.model.importance.LayerScores;
import io.espalier.model.importance.ResumablePass;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import java.nio.file.Path;

/**
 * Scores each layer by its input behind the layers already pruned, as Wanda-sp's released code does. A layer is
 * measured whole, then loses its units without compensation, and the windows pass what is left of it. So the hidden
 * states of the windows hold everything that later layers need to know about earlier ones.
 *
 * @param windows [windows, tokens] of the calibration text
 * @param scope layers that are pruned, all at the same share
 * @param criterion one that {@link #check} accepts
 * @param ratio share of units that each layer loses, in (0, 1)
 * @param seed of the job
 */
public record SequentialPass(
        Checkpoint checkpoint,
        int[][] windows,
        LayerScope scope,
        Criterion criterion,
        UnitRounding rounding,
        double ratio,
        long seed,
        MemoryBudget budget) {
    private static final Setting SETTING = Setting.SELECTION;

    /** Receives a layer's scores, the first layer of the scope first. */
    @FunctionalInterface
    public interface Visitor {
        /** @param removed units that the uniform allocation removes from the layer by these scores */
        void visit(LayerLayout layer, LayerScores scores, RemovedUnits removed);
    }

    /**
     * Checks, before anything is computed, whether units can be selected sequentially.
     *
     * @param allocation what a request calls it; only {@code uniform} is accepted
     * @return the share of units that each layer will lose
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the selection
     */
    public static double check(Criterion criterion, Budget budget, String allocation) {
        boolean measured = criterion.needsActivations() || criterion.needsHessians();
        if (!measured || criterion.needsGradient() || !criterion.ranksUnits()) {
            throw invalid("%s looks at more or less than what enters a layer; take wanda, wanda-sp, flap or obs"
                    .formatted(criterion.name()));
        }
        if (!allocation.equals("uniform")) {
            throw invalid("a layer must know its share before the next is measured; take the uniform allocation");
        }
        if (budget instanceof Budget.UnitRatio share) {
            return share.ratio();
        }
        throw invalid("a layer must know its share before the next is measured; give a share of the units");
    }

    private static EspalierException invalid(String what) {
        return new InvalidSetting(SETTING, "cannot be sequential: " + what);
    }

    /** Bytes held at most over {@code windows} windows of {@code length} tokens. */
    public static long bytes(Footprint footprint, int windows, int length, Criterion criterion) {
        return criterion.needsHessians()
                ? HessianPass.bytes(footprint, windows, length, true)
                : ResumablePass.bytes(footprint, windows, length);
    }

    /**
     * Runs to the end of the scope. It continues from the position that an earlier run of an equal pass saved in the
     * folder; a layer is visited again unless the position behind it was saved.
     *
     * @param position folder of this pass alone
     */
    public void run(Path position, Visitor visitor, Progress progress) {
        UniformAllocation allocation = new UniformAllocation(rounding);
        new ResumablePass(checkpoint, windows, scope, budget)
                .run(
                        position,
                        (stream, layer, weights) -> {
                            LayerScores scores = measured(stream, layer, weights);
                            RemovedUnits removed = allocation.select(layer.shape(), ratio, scores.of(criterion));
                            stream.through(new Surgery(removed).cut(layer, weights));
                            visitor.visit(layer, scores, removed);
                        },
                        progress);
    }

    private LayerScores measured(LayerStream stream, LayerLayout layer, LayerWeights weights) {
        DecoderLayer whole = new DecoderLayer(layer, weights);
        LayerEvidence evidence = new LayerEvidence(layer, weights, seed);
        if (!criterion.needsHessians()) {
            return criterion.scored(evidence.with(InputStatistics.peek(stream, whole)));
        }
        try (LayerHessians hessians = LayerHessians.of(layer)) {
            stream.peek(whole, hessians::add);
            return criterion.scored(evidence.with(hessians));
        }
    }
}
