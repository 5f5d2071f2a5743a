package io.espalier.model.evaluation;

import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.pruning.Surgery;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
import java.util.List;

/**
 * Perplexity of a model without some of its units and without any repair. No checkpoint is written: units are removed
 * in memory.
 */
public final class SlicedPerplexity {
    private SlicedPerplexity() {}

    /**
     * @param dense the dense checkpoint
     * @param removed one per layer of the model
     * @param windows [windows, t] token ids of the evaluation text, t at least 2
     * @throws EspalierException {@code INVALID_ARGUMENT} when units do not exist, a layer would lose all of a kind, or
     *     there is no window
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
