package io.espalier.cli;

import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.LocalRecovery;
import io.espalier.v1.LoraRecovery;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Recovery;
import io.espalier.v1.Scoring;
import io.espalier.v1.Search;
import io.espalier.v1.TaskData;
import java.util.List;

/**
 * The demo's requests. They remove as many parameters of the shipped model as a third of all heads and FFN channels have,
 * where that costs least, and train what is left. Paths are relative to the folder of the demo, which is the root of its models
 * and texts.
 */
public final class DemoRequest {
    private static final List<String> TASKS =
            List.of("boolq", "piqa", "hellaswag", "winogrande", "arc_easy", "arc_challenge", "openbookqa");

    private DemoRequest() {}

    /** What a machine of two cores does in a minute: prices from one backward pass, a few steps of training. */
    public static PruneRequest of(String jobId) {
        PruneRequest.Builder request = request(jobId);
        request.getCalibrationBuilder().setSamples(64);
        request.getPruningBuilder().setSearch(Search.newBuilder().setEffort("estimate"));
        return request.setRecovery(Recovery.newBuilder()
                        .setSamples(96)
                        .setLocal(LocalRecovery.newBuilder()
                                .setOrder("sequential")
                                .setSteps(10)
                                .setBatch(8)))
                .build();
    }

    /**
     * What gives the best model, however long it takes, with some questions and samples; a model so small
     * answers by chance.
     */
    public static PruneRequest thorough(String jobId) {
        PruneRequest.Builder request = request(jobId);
        request.getCalibrationBuilder().setSamples(256);
        request.getEvaluationBuilder().addPrompts("It was a").addPrompts("The ship, which had");
        for (String task : TASKS) {
            request.getEvaluationBuilder()
                    .addTasks(TaskData.newBuilder().setTask(task).setData("tasks/%s.jsonl".formatted(task)));
        }
        return request.setRecovery(Recovery.newBuilder()
                        .setSamples(512)
                        .setLocal(LocalRecovery.newBuilder().setOrder("sequential"))
                        .setLora(LoraRecovery.getDefaultInstance()))
                .build();
    }

    private static PruneRequest.Builder request(String jobId) {
        return PruneRequest.newBuilder()
                .setRequestId(jobId)
                .setModel("llama")
                .setSeed(20260101)
                .setCalibration(
                        Calibration.newBuilder().setText("calibration.txt").setSequenceLength(128))
                .setScoring(Scoring.newBuilder().setCriterion("obs"))
                .setPruning(Pruning.newBuilder()
                        .setUnitRatio(0.34)
                        .setAllocation("searched")
                        .setCompensation("least-squares"))
                .setEvaluation(Evaluation.newBuilder()
                        .setText("evaluation.txt")
                        .setSequenceLength(128)
                        .setMaxWindows(200));
    }
}
