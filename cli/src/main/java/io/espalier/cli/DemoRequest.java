package io.espalier.cli;

import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Scoring;
import io.espalier.v1.Search;

/**
 * The demo's request. It removes as many parameters of the shipped model as a third of all heads and FFN channels have,
 * where that costs least.
 */
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
                .setScoring(Scoring.newBuilder().setCriterion("obs"))
                .setPruning(Pruning.newBuilder()
                        .setUnitRatio(0.34)
                        .setAllocation("searched")
                        .setSearch(Search.newBuilder().setEffort("estimate"))
                        .setCompensation("least-squares"))
                .setEvaluation(Evaluation.newBuilder()
                        .setText("evaluation.txt")
                        .setSequenceLength(128)
                        .setMaxWindows(200))
                .build();
    }
}
