package io.espalier.model.importance;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What criteria say about one layer.
 *
 * @param sets scores under each criterion's name, in the order they were asked for
 * @param damping ridge used on the Hessians over the one asked for, the largest: 1 unless one was not positive definite;
 *     empty where no Hessian was looked at
 */
public record LayerScores(Map<String, UnitScores> sets, OptionalDouble damping) {
    public LayerScores {
        sets = Collections.unmodifiableMap(new LinkedHashMap<>(sets));
    }

    /** Without Hessians. */
    public LayerScores(Map<String, UnitScores> sets) {
        this(sets, OptionalDouble.empty());
    }

    /** @throws NoSuchElementException when the criterion was not asked */
    public UnitScores of(Criterion criterion) {
        return Optional.ofNullable(sets.get(criterion.name())).orElseThrow();
    }

    /** Those of a whole layer, of which these are the attention's and the others the feed-forward block's. */
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
