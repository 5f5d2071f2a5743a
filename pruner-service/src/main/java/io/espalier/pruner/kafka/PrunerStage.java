package io.espalier.pruner.kafka;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.job.SettingNames;
import io.espalier.model.file.Digests;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.Step;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.ScoreFact;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/** {@link io.espalier.pruner.domain.PrunePlan} as a stage: the end of scoring in, a pruned checkpoint out. */
@Singleton
public class PrunerStage implements Stage {
    private static final StageTopics TOPICS = StageTopics.named("pruner");

    @Override
    public StageTopics topics() {
        return TOPICS;
    }

    @Override
    public Message inputType() {
        return ScoreFact.getDefaultInstance();
    }

    /** The layers' own scores on the topic are for others; the files behind the end of scoring hold them all. */
    @Override
    public Optional<Input.Start> start(byte[] value) throws InvalidProtocolBufferException {
        ScoreFact fact = ScoreFact.parseFrom(value);
        return fact.hasCompleted()
                ? Optional.of(new Input.Start(
                        ByteString.copyFrom(value),
                        Digests.sha256(value),
                        fact.getCompleted().getRequest().getPriority()))
                : Optional.empty();
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        return SettingNames.named(() -> PrunePlanMapper.next(fact(input), waves));
    }

    private static ScoreFact fact(Input.Start input) {
        try {
            return ScoreFact.parseFrom(input.payload());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the input was parsed before", e);
        }
    }
}
