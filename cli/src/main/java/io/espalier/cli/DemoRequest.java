package io.espalier.cli;

import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.GradientSource;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Scoring;

/** The demo's request. It removes a third of the heads and FFN channels of each layer of the shipped model. */
public final class DemoRequest {
    private DemoRequest() {}

    /** Builds the request. Its paths are relative to the folder of the demo, which is the root of its models and texts. */
    public static PruneRequest of(String jobId) {
        return PruneRequest.newBuilder()
                .setRequestId(jobId)
                .setModel("llama")
                .setSeed(20260101)
                .setCalibration(Calibration.newBuilder()
                        .setText("calibration.txt")
                        .setSamples(64)
                        .setSequenceLength(128))
                .setScoring(Scoring.newBuilder()
                        .setCriterion("fms")
                        .setGradient(GradientSource.newBuilder()
                                .setSource("zeroth-order")
                                .setDistribution("gaussian")
                                .setDraws(8)))
                .setPruning(
                        Pruning.newBuilder().setUnitRatio(0.34).setLayers("all").setCompensation("least-squares"))
                .setEvaluation(Evaluation.newBuilder()
                        .setText("evaluation.txt")
                        .setSequenceLength(128)
                        .setMaxWindows(200))
                .build();
    }
}
