package io.espalier.model.pruning;

import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.Setting;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;

/** How a budget of units is spread over the layers. */
public sealed interface Allocation permits UniformAllocation, GlobalAllocation {
    /**
     * @param name {@code uniform} or {@code global}
     * @param standardized whether scores are z scores of their layer and kind already
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the allocation
     */
    static Allocation named(String name, UnitRounding rounding, ModelLayout layout, boolean standardized) {
        return switch (name) {
            case "uniform" -> new UniformAllocation(rounding);
            case "global" ->
                new GlobalAllocation(
                        rounding, layout.layers().stream().map(UnitCost::of).toList(), standardized);
            default ->
                throw Share.invalid(Setting.ALLOCATION, "'%s' is unknown; known are uniform, global".formatted(name));
        };
    }

    UnitRounding rounding();

    /**
     * Shapes of all layers as a function of the share of units to remove, in [0, 1]. A larger share never leaves more.
     *
     * @param dense shape of every layer
     * @param scores of each layer in scope, by its index; higher stays
     * @throws EspalierException {@code MODEL_CORRUPT} for a score that is no number
     */
    DoubleFunction<List<LayerShape>> shapes(List<LayerShape> dense, LayerScope scope, Map<Integer, UnitScores> scores);

    /**
     * Looks before anything is computed whether a budget can be met.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the budget's field
     */
    default void check(Budget budget, List<LayerShape> dense, LayerScope scope, PrunedTensors tensors) {
        budget.check(scope.map(dense, shape -> rounding().left(shape, 0, 0)), tensors);
    }

    /**
     * The units to remove: in each layer those of the lowest scores.
     *
     * @param dense shape of every layer
     * @param scores of each layer in scope, by its index; higher stays
     * @param tensors of the model, which say what shapes cost
     * @return one per layer
     * @throws EspalierException {@code INVALID_ARGUMENT} for a budget that cannot be met, {@code MODEL_CORRUPT} for a
     *     score that is no number
     */
    default List<RemovedUnits> select(
            Budget budget,
            List<LayerShape> dense,
            LayerScope scope,
            Map<Integer, UnitScores> scores,
            PrunedTensors tensors) {
        check(budget, dense, scope, tensors);
        List<LayerShape> left = budget.spend(shapes(dense, scope, scores), tensors);
        requireRemoval(budget, dense, left);
        return removed(dense, left, scope, scores);
    }

    /**
     * The units whose removal leaves the given shapes: in each layer those of the lowest scores.
     *
     * @param dense shape of every layer
     * @param left shape of every layer after pruning
     * @param scores of each layer in scope, by its index; higher stays
     * @return one per layer
     * @throws EspalierException {@code MODEL_CORRUPT} for a score that is no number
     */
    static List<RemovedUnits> removed(
            List<LayerShape> dense, List<LayerShape> left, LayerScope scope, Map<Integer, UnitScores> scores) {
        List<RemovedUnits> removed = new ArrayList<>();
        for (int layer = 0; layer < dense.size(); layer++) {
            removed.add(
                    scope.contains(layer)
                            ? RemovalOrder.of(dense.get(layer), of(layer, scores))
                                    .between(dense.get(layer), left.get(layer))
                            : RemovedUnits.NONE);
        }
        return removed;
    }

    /**
     * A budget so small that rounding to whole units leaves the model as it is would end in a copy of it, and nobody would
     * be told.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the budget's field when no unit of any layer goes
     */
    static void requireRemoval(Budget budget, List<LayerShape> dense, List<LayerShape> left) {
        if (left.equals(dense)) {
            throw Share.invalid(
                    budget.setting(),
                    "is less than one unit of any layer in scope; ask for more, or prune more layers");
        }
    }

    /** @throws IllegalArgumentException when a layer in scope has no scores */
    static UnitScores of(int layer, Map<Integer, UnitScores> scores) {
        UnitScores found = scores.get(layer);
        if (found == null) {
            throw new IllegalArgumentException("layer " + layer + " has no scores");
        }
        return found;
    }
}
