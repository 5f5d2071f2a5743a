package io.espalier.scorer.domain;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.importance.Criterion;

/** Where the gradient of a job comes from. */
enum GradientChoice {
    /** The criterion looks at none. */
    NONE,
    /** From losses of perturbed forward passes. */
    ZEROTH_ORDER,
    /** Exact, layer-streamed. */
    BACKPROP;

    private static final String FIELD = "scoring.gradient.source";

    /** @throws EspalierException INVALID_ARGUMENT naming the field when the criterion cannot use what is named */
    static GradientChoice of(Criterion criterion, String source) {
        if (!criterion.needsGradient()) {
            return NONE;
        }
        GradientChoice choice =
                switch (source) {
                    case "zeroth-order" -> ZEROTH_ORDER;
                    case "backprop" -> BACKPROP;
                    case "" ->
                        throw invalid("is missing; criterion " + criterion.name()
                                + " needs a gradient: backprop or zeroth-order");
                    default -> throw invalid("must be zeroth-order or backprop");
                };
        if (criterion.needsBackprop() && choice != BACKPROP) {
            throw invalid("must be backprop for criterion " + criterion.name()
                    + ", which looks at the gradients of single samples or outputs");
        }
        return choice;
    }

    private static EspalierException invalid(String what) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, FIELD + " " + what);
    }
}
