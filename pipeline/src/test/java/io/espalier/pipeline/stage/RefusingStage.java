package io.espalier.pipeline.stage;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.TaskResult;
import java.util.List;
import java.util.Optional;

/** A stage that can use no request. */
record RefusingStage() implements Stage {
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
        throw new EspalierException(ErrorCode.INVALID_ARGUMENT, "seed is odd");
    }
}
