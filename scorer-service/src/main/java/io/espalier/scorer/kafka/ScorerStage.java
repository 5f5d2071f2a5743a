package io.espalier.scorer.kafka;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.job.SettingNames;
import io.espalier.job.UsualRequestMapper;
import io.espalier.pipeline.request.RequestIntake;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Intake;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.Step;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.scorer.domain.ScorePlan;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.JobAccepted;
import io.espalier.v1.JobEvent;
import io.espalier.v1.LayerScores;
import io.espalier.v1.ScoreFact;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/** The stage that scores models. It reads prune requests and publishes the scores of each layer, as {@link ScorePlan} decides. */
@Singleton
public class ScorerStage implements Stage {
    private static final StageTopics TOPICS = StageTopics.named("scorer");

    @Override
    public StageTopics topics() {
        return TOPICS;
    }

    @Override
    public Optional<Intake> intake() {
        return Optional.of(new RequestIntake(UsualRequestMapper::completed));
    }

    @Override
    public Message inputType() {
        return AcceptedRequest.getDefaultInstance();
    }

    @Override
    public Optional<Input.Start> start(byte[] value) throws InvalidProtocolBufferException {
        AcceptedRequest accepted = AcceptedRequest.parseFrom(value);
        return Optional.of(new Input.Start(
                ByteString.copyFrom(value),
                accepted.getDigest(),
                accepted.getRequest().getPriority()));
    }

    @Override
    public JobEvent opening(Input.Start input) {
        AcceptedRequest accepted = accepted(input);
        return JobEvent.newBuilder()
                .setAccepted(JobAccepted.newBuilder()
                        .setRequest(accepted.getRequest())
                        .setDigest(accepted.getDigest())
                        .setBy(accepted.getBy()))
                .build();
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        AcceptedRequest accepted = accepted(input);
        RequestIntake.requireUsable(accepted);
        return SettingNames.named(() -> ScorePlanMapper.next(accepted, waves));
    }

    @Override
    public List<Message> facts(TaskResult result) {
        if (!result.hasLayerScored()) {
            return List.of();
        }
        return List.of(ScoreFact.newBuilder()
                .setJobId(result.getJobId())
                .setLayer(result.getLayerScored().getScores())
                .build());
    }

    /** Drops a layer's scores from the stage's state. They have been published, and the state keeps the reference to their file. */
    @Override
    public TaskResult retain(TaskResult result) {
        if (!result.hasLayerScored()) {
            return result;
        }
        TaskResult.Builder kept = result.toBuilder();
        kept.getLayerScoredBuilder()
                .setScores(LayerScores.newBuilder()
                        .setLayer(result.getLayerScored().getScores().getLayer()));
        return kept.build();
    }

    private static AcceptedRequest accepted(Input.Start input) {
        try {
            return AcceptedRequest.parseFrom(input.payload());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the input was parsed before", e);
        }
    }
}
