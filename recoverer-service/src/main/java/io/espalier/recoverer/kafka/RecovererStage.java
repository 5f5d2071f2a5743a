package io.espalier.recoverer.kafka;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.job.SettingNames;
import io.espalier.model.file.Digests;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.Step;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/** {@link io.espalier.recoverer.domain.RecoverPlan} as a stage: a staged checkpoint in, the same recovered and committed out. */
@Singleton
public class RecovererStage implements Stage {
    private static final StageTopics TOPICS = StageTopics.named("recoverer");

    @Override
    public StageTopics topics() {
        return TOPICS;
    }

    @Override
    public Message inputType() {
        return PrunedCheckpoint.getDefaultInstance();
    }

    /** Committed checkpoints on the topic, its own among them, are for the evaluator and for users. */
    @Override
    public Optional<Input.Start> start(byte[] value) throws InvalidProtocolBufferException {
        PrunedCheckpoint checkpoint = PrunedCheckpoint.parseFrom(value);
        return checkpoint.getStaging().isEmpty()
                ? Optional.empty()
                : Optional.of(new Input.Start(
                        ByteString.copyFrom(value),
                        Digests.sha256(value),
                        checkpoint.getRequest().getPriority()));
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        return SettingNames.named(() -> RecoverPlanMapper.next(checkpoint(input), waves));
    }

    private static PrunedCheckpoint checkpoint(Input.Start input) {
        try {
            return PrunedCheckpoint.parseFrom(input.payload());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the input was parsed before", e);
        }
    }
}
