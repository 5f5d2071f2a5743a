package io.espalier.model.importance;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A rule that gives each unit of a layer an importance score; units with higher scores are kept. A criterion says which
 * evidence it needs, and the plan of a job collects only that. Its formula is in its {@link #score}, which calls the
 * kernels of {@link io.espalier.model.tensor.ImportanceKernels}. A {@link CriterionProvider} registers it under its
 * name.
 */
public interface Criterion {
    /** The name under which its scores are published. */
    String name();

    /** Whether this criterion needs {@link InputStatistics}. */
    default boolean needsActivations() {
        return false;
    }

    /** Whether this criterion needs a {@link GradientSource}. */
    default boolean needsGradient() {
        return false;
    }

    /** Whether the gradient must come from {@link Backprop}, because an estimate of dL/dW is not enough. */
    default boolean needsBackprop() {
        return false;
    }

    /**
     * Checks that a gradient source gives what this criterion needs. A job calls it before it computes anything.
     *
     * @param source {@code zeroth-order}, {@code backprop} or empty
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the gradient source
     */
    default void requireSource(String source) {
        if (!source.isEmpty() && !GradientSource.NAMES.contains(source)) {
            throw new InvalidSetting(
                    Setting.GRADIENT_SOURCE,
                    "'%s' is unknown; known are %s".formatted(source, String.join(", ", GradientSource.NAMES)));
        }
        if (needsGradient() && source.isEmpty()) {
            throw new InvalidSetting(
                    Setting.GRADIENT_SOURCE,
                    "%s needs a gradient; give one of %s".formatted(name(), String.join(", ", GradientSource.NAMES)));
        }
        if (needsBackprop() && !source.equals(GradientSource.BACKPROP)) {
            throw new InvalidSetting(
                    Setting.GRADIENT_SOURCE,
                    "%s in this form needs more than an estimate of dL/dW; give %s"
                            .formatted(name(), GradientSource.BACKPROP));
        }
    }

    /** Whether this criterion needs the Hessians of a {@link HessianPass}. */
    default boolean needsHessians() {
        return false;
    }

    /** Whether this criterion gives the units of a layer different scores. Otherwise it ranks whole layers only. */
    default boolean ranksUnits() {
        return true;
    }

    /**
     * Whether the scores are z scores within their layer and kind of unit. Such scores can be compared across layers
     * and kinds without further scaling.
     */
    default boolean standardized() {
        return false;
    }

    /**
     * @param evidence the evidence of one layer, with everything that this criterion says it needs
     * @return one score for each unit of the layer
     */
    UnitScores score(LayerEvidence evidence);

    /** The scores of {@link #score} under the criterion's name, with the damping of the Hessians where it uses them. */
    default LayerScores scored(LayerEvidence evidence) {
        return new LayerScores(Map.of(name(), score(evidence)));
    }

    /**
     * Control criteria, which replace a term of this one. They are scored with it and show how much that term matters.
     */
    default List<Criterion> controls() {
        return List.of();
    }

    /**
     * Makes a criterion.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} when the criterion or its form is unknown; the message lists
     *     the known ones
     */
    static Criterion named(String name, CriterionOptions options) {
        return KnownCriteria.named(name, options);
    }

    /**
     * Makes a criterion in its default form.
     *
     * @param magnitudeP the exponent of the weights, 1 or 2; only the magnitude criterion uses it
     * @throws EspalierException {@code INVALID_ARGUMENT} when the criterion is unknown or the exponent is invalid
     */
    static Criterion named(String name, int magnitudeP) {
        return named(name, new CriterionOptions(magnitudeP, "", OptionalDouble.empty()));
    }
}
