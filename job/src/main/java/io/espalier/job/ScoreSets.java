package io.espalier.job;

import io.espalier.model.importance.UnitScores;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The unit scores of a job: for each layer in scope, by its index in the dense model, every score set by its name. A
 * set is what one criterion, or one control of it, gives to every layer.
 */
public record ScoreSets(Map<Integer, Map<String, UnitScores>> layers) {
    public static final ScoreSets NONE = new ScoreSets(Map.of());

    public ScoreSets {
        layers = Collections.unmodifiableMap(new TreeMap<>(layers));
    }

    public boolean isEmpty() {
        return layers.isEmpty();
    }

    /** The sets that the layers have, in the order in which the file of scores names them. */
    public Set<String> names() {
        return layers.values().stream().findFirst().map(Map::keySet).orElse(Set.of());
    }

    /**
     * The scores of one set, by layer.
     *
     * @throws IllegalArgumentException when a layer lacks the set
     */
    public SortedMap<Integer, UnitScores> of(String set) {
        SortedMap<Integer, UnitScores> scores = new TreeMap<>();
        layers.forEach((layer, sets) -> {
            UnitScores found = sets.get(set);
            if (found == null) {
                throw new IllegalArgumentException("layer %d has no scores of %s".formatted(layer, set));
            }
            scores.put(layer, found);
        });
        return scores;
    }
}
