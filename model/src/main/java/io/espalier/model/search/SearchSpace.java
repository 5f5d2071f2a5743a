package io.espalier.model.search;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.RemovalOrder;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which shapes a search may give the layers of a model.
 *
 * @param checkpoint the dense model
 * @param scope layers that may lose units
 * @param rounding which numbers of units may stay
 * @param scores of each layer in scope, by its index; the lowest goes first, whatever the level
 */
public record SearchSpace(
        Checkpoint checkpoint,
        LayerScope scope,
        UnitRounding rounding,
        Map<Integer, UnitScores> scores,
        MemoryBudget budget) {
    public SearchSpace {
        scores = Map.copyOf(scores);
    }

    /** The halves of a layer that may lose units, attention first; none for a layer outside the scope. */
    List<Component> components(LayerLayout layer) {
        UnitScores found = scores.get(layer.index());
        if (!scope.contains(layer.index()) || found == null) {
            return List.of();
        }
        RemovalOrder order = RemovalOrder.of(layer.shape(), found);
        return Stream.of(LayerHalf.values())
                .map(half -> new Component(layer, half, order))
                .filter(component -> component.levels(this).length > 1)
                .toList();
    }

    /** One half of a layer; empty if it may not lose units. */
    Optional<Component> component(LayerLayout layer, LayerHalf half) {
        return components(layer).stream().filter(one -> one.half() == half).findFirst();
    }
}
