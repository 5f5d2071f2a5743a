package io.espalier.scorer.kafka;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.job.CompleteRequestMapper;
import io.espalier.job.InspectionMapper;
import io.espalier.job.JobSpec;
import io.espalier.job.RequestMapper;
import io.espalier.job.SettingNames;
import io.espalier.pipeline.request.RequestReader;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Intake;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.Step;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.scorer.domain.ScorePlan;
import io.espalier.scorer.domain.ScoreResult;
import io.espalier.scorer.domain.ScoreStep;
import io.espalier.scorer.domain.ScoreTask;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.JobAccepted;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobInputs;
import io.espalier.v1.LayerScores;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ScoreFact;
import io.espalier.v1.ScoringCompleted;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/** {@link ScorePlan} as a stage: requests in, scores out layer by layer. */
@Singleton
public class ScorerStage implements Stage {
    private static final StageTopics TOPICS = StageTopics.named("scorer");

    @Override
    public StageTopics topics() {
        return TOPICS;
    }

    @Override
    public Optional<Intake> intake() {
        return Optional.of(RequestReader::accept);
    }

    @Override
    public Message inputType() {
        return AcceptedRequest.getDefaultInstance();
    }

    @Override
    public Optional<Input.Start> start(byte[] value) throws InvalidProtocolBufferException {
        AcceptedRequest accepted = AcceptedRequest.parseFrom(value);
        return Optional.of(new Input.Start(ByteString.copyFrom(value), accepted.getDigest()));
    }

    @Override
    public JobEvent opening(Input.Start input) {
        AcceptedRequest accepted = accepted(input);
        return JobEvent.newBuilder()
                .setAccepted(JobAccepted.newBuilder()
                        .setRequest(accepted.getRequest())
                        .setDigest(accepted.getDigest()))
                .build();
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        return SettingNames.named(() -> decided(input, waves));
    }

    private static Step decided(Input.Start input, List<List<TaskResult>> waves) {
        AcceptedRequest accepted = accepted(input);
        JobSpec spec = RequestMapper.toSpec(accepted.getJobId(), accepted.getRequest());
        List<List<ScoreResult>> results = waves.stream()
                .map(wave -> wave.stream().map(ScoreMapper::result).toList())
                .toList();
        ScoreStep step = new ScorePlan(spec).next(results);
        PruneRequest request = CompleteRequestMapper.toWire(spec);
        if (step instanceof ScoreStep.Run run) {
            return new Step.Run(
                    run.activity(),
                    List.of(),
                    tasks(request, waves, run.tasks()),
                    tasks(request, waves, run.carried()));
        }
        return new Step.HandOver(completed(request, (ScoreStep.Done) step));
    }

    private static List<Task> tasks(PruneRequest request, List<List<TaskResult>> waves, List<ScoreTask> tasks) {
        return tasks.stream()
                .map(task -> task(request, waves, ScoreMapper.toWire(task)))
                .toList();
    }

    private static Task task(PruneRequest request, List<List<TaskResult>> waves, Task.Builder task) {
        task.setJobId(request.getRequestId()).setRequest(request);
        if (!waves.isEmpty()) {
            JobInputs inputs = waves.get(0).get(0).getInspected();
            task.setInputs(inputs);
        }
        return task.build();
    }

    private static ScoreFact completed(PruneRequest request, ScoreStep.Done done) {
        ScoringCompleted.Builder completed =
                ScoringCompleted.newBuilder().setRequest(request).setInputs(InspectionMapper.toWire(done.inspection()));
        done.scores().forEach(file -> completed.addScores(ScoreMapper.toWire(file)));
        done.controls().forEach(ranks -> completed.addControls(ScoreMapper.toWire(ranks)));
        return ScoreFact.newBuilder()
                .setJobId(request.getRequestId())
                .setCompleted(completed)
                .build();
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

    /** The scores are published and lie in their file: the state keeps the reference. */
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
