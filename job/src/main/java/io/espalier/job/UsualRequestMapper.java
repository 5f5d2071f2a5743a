package io.espalier.job;

import io.espalier.v1.PruneRequest;
import io.espalier.v1.Scoring;

/**
 * Writes defaults that may change between versions into a request when it is accepted. What is read from an accepted
 * request keeps its meaning for ever: without a criterion it means {@code fms}, which was the default.
 */
public final class UsualRequestMapper {
    private static final String CRITERION = "obs";

    private UsualRequestMapper() {}

    /** The request with the criterion that it leaves open. One that says how {@code fms} is computed means that. */
    public static PruneRequest completed(PruneRequest request) {
        Scoring scoring = request.getScoring();
        boolean units = request.getPruning().getTarget().isEmpty()
                || request.getPruning().getTarget().equals("units");
        boolean open = scoring.toBuilder().clearScoresOf().build().equals(Scoring.getDefaultInstance());
        if (!units || !open) {
            return request;
        }
        return request.toBuilder()
                .setScoring(scoring.toBuilder().setCriterion(CRITERION))
                .build();
    }
}
