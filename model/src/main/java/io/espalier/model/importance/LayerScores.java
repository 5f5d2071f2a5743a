package io.espalier.model.importance;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The scores that some criteria give the units of one layer.
 *
 * @param sets the scores under each criterion's name, in the order of the criteria
 * @param damping the largest ridge that was added to a Hessian, as a multiple of the first one that was tried: 1 unless
 *     a Hessian with the first ridge was not positive definite; empty where no Hessian was used
 */
public record LayerScores(Map<String, UnitScores> sets, OptionalDouble damping) {
    public LayerScores {
        sets = Collections.unmodifiableMap(new LinkedHashMap<>(sets));
    }

    /** Scores of criteria that use no Hessians. */
    public LayerScores(Map<String, UnitScores> sets) {
        this(sets, OptionalDouble.empty());
    }

    /**
     * The scores of one criterion.
     *
     * @throws NoSuchElementException when the criterion is not among those that scored the layer
     */
    public UnitScores of(Criterion criterion) {
        return Optional.ofNullable(sets.get(criterion.name())).orElseThrow();
    }

    /** Joins these scores of the attention units with those of the FFN channels. */
    public LayerScores joined(LayerScores feedForward) {
        Map<String, UnitScores> whole = new LinkedHashMap<>();
        sets.forEach((name, attention) ->
                whole.put(name, attention.joined(Objects.requireNonNull(feedForward.sets.get(name)))));
        return new LayerScores(whole, larger(damping, feedForward.damping));
    }

    LayerScores and(LayerScores more) {
        Map<String, UnitScores> all = new LinkedHashMap<>(sets);
        all.putAll(more.sets);
        return new LayerScores(all, larger(damping, more.damping));
    }

    private static OptionalDouble larger(OptionalDouble one, OptionalDouble other) {
        return one.isPresent() && other.isPresent()
                ? OptionalDouble.of(Math.max(one.getAsDouble(), other.getAsDouble()))
                : one.isPresent() ? one : other;
    }
}
