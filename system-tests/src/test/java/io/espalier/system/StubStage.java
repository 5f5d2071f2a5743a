package io.espalier.system;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.pipeline.request.RequestIntake;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Intake;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.Step;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobAccepted;
import io.espalier.v1.JobEvent;
import io.espalier.v1.StageStarted;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.List;
import java.util.Optional;

/** A stage of one task that computes nothing: what is left is the pipeline's own work. Its facts are the request. */
record StubStage(StageTopics topics, boolean last) implements Stage {
    static StubStage of(String stage) {
        return new StubStage(StageTopics.named(stage), stage.equals("evaluator"));
    }

    @Override
    public Optional<Intake> intake() {
        return Optional.ofNullable(topics.intake()).map(topic -> new RequestIntake());
    }

    @Override
    public Message inputType() {
        return AcceptedRequest.getDefaultInstance();
    }

    @Override
    public Optional<Input.Start> start(byte[] value) throws InvalidProtocolBufferException {
        int priority = AcceptedRequest.parseFrom(value).getRequest().getPriority();
        return Optional.of(new Input.Start(ByteString.copyFrom(value), "digest", priority));
    }

    @Override
    public JobEvent opening(Input.Start input) {
        return topics.intake() == null
                ? JobEvent.newBuilder()
                        .setStageStarted(StageStarted.getDefaultInstance())
                        .build()
                : JobEvent.newBuilder()
                        .setAccepted(JobAccepted.newBuilder()
                                .setRequest(accepted(input).getRequest()))
                        .build();
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        AcceptedRequest job = accepted(input);
        if (waves.isEmpty()) {
            return new Step.Run(
                    "work",
                    List.of(Task.newBuilder()
                            .setJobId(job.getJobId())
                            .setTaskId("work")
                            .build()));
        }
        return last
                ? new Step.Complete(
                        EvaluationReport.newBuilder().setJobId(job.getJobId()).build())
                : new Step.HandOver(job);
    }

    private static AcceptedRequest accepted(Input.Start input) {
        try {
            return AcceptedRequest.parseFrom(input.payload());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the input was parsed before", e);
        }
    }
}
