package io.espalier.model.pruning;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.transformer.LayerScope;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;

/**
 * Chooses the whole layers that are removed to meet a budget: those of the lowest scores; of equal scores, the lower
 * index. At least one layer of the model remains.
 *
 * @param order layers in scope, in the order in which they are removed
 */
public record LayerSelection(Checkpoint source, List<Integer> order) implements TensorsLeft<Integer> {
    /** Keeps 0.29 of 100 layers at 29, although 0.29 · 100 is below 29 in binary. */
    private static final double ROUNDING = 1e-9;

    public LayerSelection {
        order = List.copyOf(order);
    }

    /**
     * Looks before anything is computed whether a budget can be met.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the budget's field
     */
    public static void check(Budget budget, LayerScope scope, Checkpoint checkpoint) {
        new LayerSelection(checkpoint, scope.layers()).count(budget);
    }

    /**
     * @param scores of each layer in scope, by its index, as {@code block-influence} gives them: one for all units
     * @return indices of the layers to remove, ascending
     * @throws EspalierException {@code INVALID_ARGUMENT} for a budget that cannot be met, {@code MODEL_CORRUPT} for a
     *     score that is no number
     */
    public static List<Integer> select(
            Budget budget, LayerScope scope, Map<Integer, UnitScores> scores, Checkpoint checkpoint) {
        Map<Integer, Double> influences =
                scope.layers().stream().collect(Collectors.toMap(layer -> layer, layer -> influence(layer, scores)));
        List<Integer> order = influences.keySet().stream()
                .sorted(Comparator.<Integer>comparingDouble(influences::get).thenComparing(layer -> layer))
                .toList();
        int count = new LayerSelection(checkpoint, order).count(budget);
        return order.subList(0, count).stream().sorted().toList();
    }

    private static double influence(int layer, Map<Integer, UnitScores> scores) {
        double influence = Allocation.of(layer, scores).attention()[0];
        if (Double.isNaN(influence)) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT, "score of layer %d: not a number; check the weights".formatted(layer));
        }
        // Adding 0.0 makes -0.0 equal to 0.0, before which a comparator would put it.
        return influence + 0.0;
    }

    /** How many layers of the order are removed. */
    private int count(Budget budget) {
        int most = Math.min(order.size(), source.config().layers().size() - 1);
        budget.check(most, this);
        DoubleFunction<Integer> gone = share -> Math.min(most, (int) Math.floor(share * order.size() + ROUNDING));
        int count = budget.spend(gone, this);
        if (count == 0) {
            throw Share.invalid(
                    Setting.UNIT_RATIO,
                    "is less than one of the %d layers in scope; ask for more".formatted(order.size()));
        }
        return count;
    }

    /** @param removed how many layers of the order are removed */
    @Override
    public List<TensorInfo> of(Integer removed) {
        return new LayerRemoval(source, order.subList(0, removed)).tensors();
    }
}
