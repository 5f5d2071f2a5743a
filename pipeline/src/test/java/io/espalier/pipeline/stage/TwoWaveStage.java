package io.espalier.pipeline.stage;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.pipeline.request.RequestIntake;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.ArtifactCommitted;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A stage of two waves: three parallel tasks, then one.
 *
 * @param commits whether the second wave makes a decided artifact visible
 * @param last whether the job is complete afterwards
 */
record TwoWaveStage(StageTopics topics, boolean commits, boolean last) implements Stage {
    static final int PARALLEL = 3;

    /** In the place of a declared stage. */
    static TwoWaveStage of(String stage) {
        return new TwoWaveStage(StageTopics.named(stage), stage.equals("pruner"), stage.equals("evaluator"));
    }

    /** The same stage where the second wave commits, or where it does not. */
    TwoWaveStage committing(boolean artifact) {
        return new TwoWaveStage(topics, artifact, last);
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
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        requireUsable(input);
        if (waves.isEmpty()) {
            return new Step.Run("work", tasks("first", PARALLEL));
        }
        if (waves.size() == 1) {
            List<ArtifactCommitted> committed = commits ? List.of(ArtifactCommitted.getDefaultInstance()) : List.of();
            return new Step.Run("finish", committed, tasks("second", 1), List.of());
        }
        return last
                ? new Step.Complete(EvaluationReport.getDefaultInstance())
                : new Step.HandOver(AcceptedRequest.newBuilder().setJobId("job").build());
    }

    private static List<Task> tasks(String wave, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> Task.newBuilder()
                        .setJobId("job")
                        .setTaskId(wave + "-" + i)
                        .build())
                .toList();
    }

    private static void requireUsable(Input.Start input) {
        try {
            RequestIntake.requireUsable(AcceptedRequest.parseFrom(input.payload()));
        } catch (InvalidProtocolBufferException e) {
            // Where the fold is tested alone, any bytes are a request.
        }
    }
}
