package io.espalier.model.importance;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.pruning.UnitScores;
import java.util.List;

/** A rule that says what each unit of a layer is worth; higher stays. A new rule is one class, listed here. */
public sealed interface Criterion permits RandomImportance, Magnitude, Wanda, WandaSp, Flap, BlockInfluence, Fms {
    /** Under which its scores are published. */
    String name();

    /** Whether it looks at {@link InputStatistics}. */
    default boolean needsActivations() {
        return false;
    }

    /** Whether it looks at a {@link GradientSource}. */
    default boolean needsGradient() {
        return false;
    }

    UnitScores score(LayerEvidence evidence);

    /** Criteria that show what this one's terms are worth, to be scored beside it. */
    default List<Criterion> controls() {
        return List.of();
    }

    /**
     * @param magnitudeP exponent of {@code magnitude}
     * @throws EspalierException {@code INVALID_ARGUMENT} naming {@code scoring.criterion} or {@code scoring.magnitude_p}
     */
    static Criterion named(String name, int magnitudeP) {
        return switch (name) {
            case "random" -> new RandomImportance();
            case "magnitude" -> new Magnitude(magnitudeP);
            case "wanda" -> new Wanda();
            case "wanda-sp" -> new WandaSp();
            case "flap" -> new Flap(Flap.Scale.STANDARDIZED);
            case "block-influence" -> new BlockInfluence();
            case "fms" -> new Fms(Fms.Gradient.ESTIMATED);
            default ->
                throw new EspalierException(
                        ErrorCode.INVALID_ARGUMENT,
                        "scoring.criterion: '%s' is unknown; known are fms, wanda, wanda-sp, flap, block-influence, magnitude, random"
                                .formatted(name));
        };
    }
}
