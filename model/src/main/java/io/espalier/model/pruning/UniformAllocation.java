package io.espalier.model.pruning;

import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.transformer.LayerScope;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;

/** Removes the same share of units from each layer in scope, rounded as LLM-Pruner does. */
public record UniformAllocation(UnitRounding rounding) implements Allocation {
    @Override
    public DoubleFunction<List<LayerShape>> shapes(
            List<LayerShape> dense, LayerScope scope, Map<Integer, UnitScores> scores) {
        return ratio -> scope.map(dense, shape -> left(shape, ratio));
    }

    /** The scores do not matter for the shapes, so a budget that removes nothing is found here already. */
    @Override
    public void check(Budget budget, List<LayerShape> dense, LayerScope scope, PrunedTensors tensors) {
        Allocation.super.check(budget, dense, scope, tensors);
        Allocation.requireRemoval(budget, dense, budget.spend(shapes(dense, scope, Map.of()), tensors));
    }

    /**
     * Shape of a layer after pruning. At least one head or KV group stays, and at least 32 channels or all of a
     * narrower layer.
     *
     * @param ratio share of units to remove, in [0, 1]
     */
    public LayerShape left(LayerShape shape, double ratio) {
        // As LLM-Pruner does, the rows of the key projection are rounded first, and only then to whole units.
        long rows = (long) shape.attentionSteps() * shape.headDim();
        long removed = (rows - kept(rows, ratio)) / shape.headDim();
        return rounding.left(shape, (int) (shape.attentionSteps() - removed), (int) kept(shape.ffnChannels(), ratio));
    }

    /**
     * The units that a layer loses: those of the lowest scores.
     *
     * @param ratio share of units to remove, in [0, 1]
     * @throws EspalierException {@code MODEL_CORRUPT} for a score that is no number
     */
    public RemovedUnits select(LayerShape shape, double ratio, UnitScores scores) {
        return RemovalOrder.of(shape, scores).between(shape, left(shape, ratio));
    }

    private static long kept(long width, double ratio) {
        return (long) Math.floor((1 - ratio) * width);
    }
}
