package io.espalier.model.evaluation;

import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.pruning.Surgery;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
import java.util.List;

/** What a selection is worth before anything repairs it, without a checkpoint: each layer is cut in memory as it passes. */
public final class SlicedPerplexity {
    private SlicedPerplexity() {}

    /**
     * @param dense the checkpoint as it is
     * @param removed one per layer
     * @param windows [n][t] token ids of the evaluation text
     * @throws EspalierException {@code INVALID_ARGUMENT} when units do not exist or a layer would lose all
     */
    public static Perplexity of(
            Checkpoint dense, List<RemovedUnits> removed, int[][] windows, MemoryBudget budget, Progress progress) {
        RemovedUnits.check(removed, dense.config().layers());
        return Perplexity.of(
                dense,
                (layout, weights) -> {
                    RemovedUnits units = removed.get(layout.index());
                    return units.isEmpty()
                            ? new DecoderLayer(layout, weights)
                            : new Surgery(units).cut(layout, weights);
                },
                windows,
                budget,
                progress);
    }
}
