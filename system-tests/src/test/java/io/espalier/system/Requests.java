package io.espalier.system;

import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.GradientSource;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Scoring;

/** Requests for the shipped model. */
final class Requests {
    private Requests() {}

    /** All of the pipeline with as little arithmetic as it takes. */
    static PruneRequest small(String jobId) {
        return PruneRequest.newBuilder()
                .setRequestId(jobId)
                .setModel("llama")
                .setSeed(7)
                .setCalibration(Calibration.newBuilder()
                        .setText("calibration.txt")
                        .setSamples(8)
                        .setSequenceLength(32))
                .setScoring(Scoring.newBuilder().setGradient(draws(2)))
                .setPruning(Pruning.newBuilder().setUnitRatio(0.34).setLayers("all"))
                .setEvaluation(Evaluation.newBuilder()
                        .setText("evaluation.txt")
                        .setSequenceLength(32)
                        .setMaxWindows(8)
                        .setSkipSpeed(true))
                .build();
    }

    /** As {@link #small}, without gradients: some tenths of a second. */
    static PruneRequest magnitude(String jobId) {
        PruneRequest.Builder request = small(jobId).toBuilder();
        request.getScoringBuilder().clear().setCriterion("magnitude");
        request.getPruningBuilder().setCompensation("none");
        return request.build();
    }

    /** Scoring in which every task takes long enough to be caught in the middle. */
    static PruneRequest slowScoring(String jobId) {
        PruneRequest.Builder request = small(jobId).toBuilder();
        request.getScoringBuilder().setGradient(draws(32));
        return request.build();
    }

    /** Scoring in one pass that cannot be split and takes long enough to be caught in the middle. */
    static PruneRequest slowChain(String jobId) {
        PruneRequest.Builder request = small(jobId).toBuilder();
        request.getScoringBuilder().setCriterion("taylor").setForm("mix");
        request.getScoringBuilder().getGradientBuilder().setSource("backprop");
        request.getCalibrationBuilder().setSamples(32).setSequenceLength(128);
        return request.build();
    }

    /** A pruning task that takes long enough to be caught in the middle. */
    static PruneRequest slowPruning(String jobId) {
        PruneRequest.Builder request = small(jobId).toBuilder();
        request.getScoringBuilder().setCriterion("magnitude");
        request.getCalibrationBuilder().setSamples(64).setSequenceLength(128);
        return request.build();
    }

    /** Pricing of cuts that takes long enough to be caught in the middle. */
    static PruneRequest slowSearch(String jobId) {
        PruneRequest.Builder request = slowPruning(jobId).toBuilder();
        request.getPruningBuilder().setAllocation("searched").setCompensation("none");
        request.getPruningBuilder().getSearchBuilder().setEffort("estimate");
        return request.build();
    }

    /** An evaluation that takes long enough to be caught in the middle. */
    static PruneRequest slowEvaluation(String jobId) {
        PruneRequest.Builder request = small(jobId).toBuilder();
        request.getScoringBuilder().setCriterion("magnitude");
        request.getEvaluationBuilder().setMaxWindows(100).setSequenceLength(128);
        return request.build();
    }

    /** As {@link #magnitude}, with layers that learn alone for a few steps. */
    static PruneRequest recovery(String jobId) {
        PruneRequest.Builder request = magnitude(jobId).toBuilder();
        request.getRecoveryBuilder()
                .setSamples(16)
                .getLocalBuilder()
                .setSteps(10)
                .setBatch(4);
        return request.build();
    }

    /** A recovery whose tasks take long enough to be caught in the middle. */
    static PruneRequest slowRecovery(String jobId) {
        PruneRequest.Builder request = recovery(jobId).toBuilder();
        request.getCalibrationBuilder().setSequenceLength(128);
        request.getRecoveryBuilder()
                .setSamples(128)
                .getLocalBuilder()
                .setSteps(60)
                .setBatch(16);
        return request.build();
    }

    private static GradientSource draws(int count) {
        return GradientSource.newBuilder().setDraws(count).build();
    }
}
