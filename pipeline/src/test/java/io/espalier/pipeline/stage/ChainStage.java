package io.espalier.pipeline.stage;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.List;
import java.util.Optional;

/** A stage of one task that carries two others. */
record ChainStage() implements Stage {
    @Override
    public StageTopics topics() {
        return StageTopics.named("scorer");
    }

    @Override
    public Message inputType() {
        return AcceptedRequest.getDefaultInstance();
    }

    @Override
    public Optional<Input.Start> start(byte[] value) {
        return Optional.of(new Input.Start(ByteString.copyFrom(value), "digest", 0));
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        return waves.isEmpty()
                ? new Step.Run("chain", List.of(), List.of(task("chain")), List.of(task("layer-0"), task("layer-1")))
                : new Step.HandOver(AcceptedRequest.getDefaultInstance());
    }

    private static Task task(String id) {
        return Task.newBuilder().setJobId("job").setTaskId(id).build();
    }
}
