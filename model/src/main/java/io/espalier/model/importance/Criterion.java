package io.espalier.model.importance;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A rule that says what each unit of a layer is worth; units with higher scores stay. A criterion says what evidence it
 * needs, and the plan of a job collects just that. Its formula stands in its {@link #score}, which calls the kernels of
 * {@link io.espalier.model.tensor.ImportanceKernels}. A {@link CriterionProvider} makes it known under its name.
 */
public interface Criterion {
    /** The name under which its scores are published. */
    String name();

    /** Whether it looks at {@link InputStatistics}. */
    default boolean needsActivations() {
        return false;
    }

    /** Whether it looks at a {@link GradientSource}. */
    default boolean needsGradient() {
        return false;
    }

    /** Whether its gradient must come from {@link Backprop}, because an estimate of dL/dW is not enough. */
    default boolean needsBackprop() {
        return false;
    }

    /**
     * Checks, before anything is computed, that a gradient source gives what this criterion needs.
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

    /** Whether it looks at the Hessians of a {@link HessianPass}. */
    default boolean needsHessians() {
        return false;
    }

    /** Whether it tells the units of a layer apart; otherwise it ranks whole layers. */
    default boolean ranksUnits() {
        return true;
    }

    /** Whether its scores are z scores of their layer and kind, which compare across layers and kinds as they are. */
    default boolean standardized() {
        return false;
    }

    /**
     * @param evidence of one layer, with all that this criterion says it needs
     * @return one score for each unit of the layer
     */
    UnitScores score(LayerEvidence evidence);

    /** The same under the criterion's name, with what was needed to compute it. */
    default LayerScores scored(LayerEvidence evidence) {
        return new LayerScores(Map.of(name(), score(evidence)));
    }

    /** Criteria that show what this one's terms are worth, to be scored beside it. */
    default List<Criterion> controls() {
        return List.of();
    }

    /**
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the criterion and the known ones, or
     *     the form and the criterion's
     */
    static Criterion named(String name, CriterionOptions options) {
        return KnownCriteria.named(name, options);
    }

    /**
     * A criterion in its usual form.
     *
     * @param magnitudeP the exponent, where the criterion is magnitude
     */
    static Criterion named(String name, int magnitudeP) {
        return named(name, new CriterionOptions(magnitudeP, "", OptionalDouble.empty()));
    }
}
