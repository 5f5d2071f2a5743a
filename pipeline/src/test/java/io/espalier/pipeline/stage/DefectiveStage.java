package io.espalier.pipeline.stage;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.List;
import java.util.Optional;

/**
 * A sound stage but for some models: over "poison" it fails and quotes much, a task of "huge" is more than a record can hold,
 * and "odd" cannot be used.
 */
record DefectiveStage(TwoWaveStage sound) implements Stage {
    @Override
    public StageTopics topics() {
        return sound.topics();
    }

    @Override
    public Optional<Intake> intake() {
        return Optional.of((key, value, headers, position) -> {
            if (key == null) {
                throw new IllegalStateException("no key, and nobody thought of it");
            }
            return sound.intake().orElseThrow().read(key, value, headers, position);
        });
    }

    @Override
    public Message inputType() {
        return sound.inputType();
    }

    @Override
    public Optional<Input.Start> start(byte[] value) throws InvalidProtocolBufferException {
        return sound.start(value);
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        String model = model(input);
        if (model.equals("poison")) {
            throw new IllegalStateException("no answer to " + "x".repeat(2_000_000));
        }
        if (model.equals("huge")) {
            return new Step.Run(
                    "work",
                    List.of(Task.newBuilder()
                            .setJobId("job")
                            .setTaskId("x".repeat(1_100_000))
                            .build()));
        }
        if (model.equals("odd")) {
            throw new EspalierException(ErrorCode.INVALID_ARGUMENT, "model is odd");
        }
        return sound.next(input, waves);
    }

    private static String model(Input.Start input) {
        try {
            return AcceptedRequest.parseFrom(input.payload()).getRequest().getModel();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }
}
