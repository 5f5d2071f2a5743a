package io.espalier.evaluator.kafka;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.model.file.Digests;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.Step;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.EvaluateWork;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.ReportWork;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/**
 * Pruned checkpoints in, their evaluations out: tasks measure all models of a job together, see {@link EvaluationTasks}; then one
 * leaves the report of them all.
 */
@Singleton
public class EvaluatorStage implements Stage {
    private static final StageTopics TOPICS = StageTopics.named("evaluator");

    @Override
    public StageTopics topics() {
        return TOPICS;
    }

    @Override
    public Message inputType() {
        return PrunedCheckpoint.getDefaultInstance();
    }

    /** A staged checkpoint is for the recoverer, which puts it on the topic again when it is committed. */
    @Override
    public Optional<Input.Start> start(byte[] value) throws InvalidProtocolBufferException {
        PrunedCheckpoint checkpoint = PrunedCheckpoint.parseFrom(value);
        return checkpoint.getStaging().isEmpty()
                ? Optional.of(new Input.Start(
                        ByteString.copyFrom(value),
                        Digests.sha256(value),
                        checkpoint.getRequest().getPriority()))
                : Optional.empty();
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        PrunedCheckpoint first = checkpoint(input);
        EvaluationTasks tasks = new EvaluationTasks(first);
        if (waves.isEmpty()) {
            return new Step.Run("evaluate", tasks.all());
        }
        List<EvaluationReport> reports = new EvaluationResults(tasks, waves.get(0)).reports();
        if (waves.size() == 1) {
            return new Step.Run("report", List.of(report(first, reports)));
        }
        return new Step.Complete(reports.get(0).toBuilder()
                .addAllFurther(reports.subList(1, reports.size()))
                .setReport(waves.get(1).get(0).getReportWritten().getPath())
                .build());
    }

    private static Task report(PrunedCheckpoint first, List<EvaluationReport> reports) {
        ReportWork.Builder work = ReportWork.newBuilder();
        reports.forEach(report -> work.addEvaluations(report.toBuilder().clearRequest()));
        return Task.newBuilder()
                .setJobId(first.getJobId())
                .setTaskId("report")
                .setRequest(first.getRequest())
                .setInputs(first.getInputs())
                .setEvaluate(EvaluateWork.newBuilder()
                        .setCheckpoint(first.toBuilder().clearFurther())
                        .setReport(work))
                .build();
    }

    private static PrunedCheckpoint checkpoint(Input.Start input) {
        try {
            return PrunedCheckpoint.parseFrom(input.payload());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the input was parsed before", e);
        }
    }
}
