package io.espalier.cli.view;

import com.google.protobuf.util.Timestamps;
import io.espalier.v1.EvaluationProtocol;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobEvent;
import io.espalier.v1.ModelMeasurement;
import io.espalier.v1.StageProgress;
import io.espalier.v1.TaskProgress;

/** Events of the job {@code job-1}. */
final class SampleEvents {
    private SampleEvents() {}

    static JobEvent.Builder event(String stage, long atMillis) {
        return JobEvent.newBuilder().setJobId("job-1").setStage(stage).setAt(Timestamps.fromMillis(atMillis));
    }

    static JobEvent taskDone(String stage, String activity, int done, int total, String task, long atMillis) {
        return event(stage, atMillis)
                .setProgress(StageProgress.newBuilder()
                        .setActivity(activity)
                        .setTasksDone(done)
                        .setTasksTotal(total)
                        .setTaskId(task))
                .build();
    }

    static JobEvent insideTask(JobEvent taskEvent, String unit, long done, long total, double tokensPerSecond) {
        JobEvent.Builder event = taskEvent.toBuilder();
        event.getProgressBuilder()
                .setTask(TaskProgress.newBuilder()
                        .setUnit(unit)
                        .setDone(done)
                        .setTotal(total)
                        .setTokensPerSecond(tokensPerSecond));
        return event.build();
    }

    static EvaluationReport report() {
        return EvaluationReport.newBuilder()
                .setJobId("job-1")
                .setOutput("job-1")
                .setDense(ModelMeasurement.newBuilder()
                        .setPerplexity(12.5)
                        .setParameters(4_000_000)
                        .setMacs(512_000_000)
                        .setCheckpointBytes(8_000_000)
                        .setPrefillTokensPerSecond(10_000))
                .setPruned(ModelMeasurement.newBuilder()
                        .setPerplexity(15)
                        .setParameters(3_000_000)
                        .setMacs(384_000_000)
                        .setCheckpointBytes(6_000_000)
                        .setPrefillTokensPerSecond(12_500))
                .setProtocol(EvaluationProtocol.newBuilder()
                        .setSequenceLength(128)
                        .setPredictedTokens(12_700)
                        .setSplit("held-out")
                        .setMacsTokens(64))
                .build();
    }
}
