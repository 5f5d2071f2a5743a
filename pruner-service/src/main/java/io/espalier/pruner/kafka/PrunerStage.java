package io.espalier.pruner.kafka;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.job.RequestMapper;
import io.espalier.job.SettingNames;
import io.espalier.model.file.Digests;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.Step;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pruner.domain.PrunePlan;
import io.espalier.pruner.domain.PruneResult;
import io.espalier.pruner.domain.PruneStep;
import io.espalier.pruner.domain.PruneTask;
import io.espalier.pruner.domain.PrunedArtifact;
import io.espalier.v1.ArtifactCommitted;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.ScoreFact;
import io.espalier.v1.ScoringCompleted;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/** {@link PrunePlan} as a stage: the end of scoring in, a pruned checkpoint out. */
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
                ? Optional.of(new Input.Start(ByteString.copyFrom(value), Digests.sha256(value)))
                : Optional.empty();
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        return SettingNames.named(() -> decided(input, waves));
    }

    private static Step decided(Input.Start input, List<List<TaskResult>> waves) {
        ScoreFact fact = fact(input);
        ScoringCompleted completed = fact.getCompleted();
        int budgets = RequestMapper.toSpec(fact.getJobId(), completed.getRequest())
                .pruning()
                .target()
                .outputs()
                .size();
        List<List<PruneResult>> results = waves.stream()
                .map(wave -> wave.stream().map(PruneMapper::result).toList())
                .toList();
        PruneStep step = new PrunePlan(budgets, PruneMapper.files(completed.getScoresList())).next(results);
        if (step instanceof PruneStep.Run run) {
            return new Step.Run("prune", tasks(fact, run.tasks()));
        }
        if (step instanceof PruneStep.Commit commit) {
            List<ArtifactCommitted> committed =
                    commit.tasks().stream().map(PrunerStage::committed).toList();
            return new Step.Run("commit", committed, tasks(fact, commit.tasks()), List.of());
        }
        List<PrunedCheckpoint> checkpoints = ((PruneStep.Done) step)
                .artifacts().stream()
                        .map(artifact -> checkpoint(fact, artifact))
                        .toList();
        return new Step.HandOver(checkpoints.get(0).toBuilder()
                .addAllFurther(checkpoints.subList(1, checkpoints.size()))
                .build());
    }

    private static ArtifactCommitted committed(PruneTask.Commit task) {
        PrunedArtifact artifact = task.staged().artifact();
        return ArtifactCommitted.newBuilder()
                .setOutput(artifact.output())
                .setManifestSha256(artifact.manifestSha256())
                .build();
    }

    private static PrunedCheckpoint checkpoint(ScoreFact fact, PrunedArtifact artifact) {
        ScoringCompleted completed = fact.getCompleted();
        return PruneMapper.toWire(artifact)
                .setJobId(fact.getJobId())
                .setRequest(completed.getRequest())
                .setInputs(completed.getInputs())
                .addAllControls(completed.getControlsList())
                .build();
    }

    private static List<Task> tasks(ScoreFact fact, List<? extends PruneTask> tasks) {
        return tasks.stream().map(task -> task(fact, PruneMapper.toWire(task))).toList();
    }

    private static Task task(ScoreFact fact, Task.Builder task) {
        return task.setJobId(fact.getJobId())
                .setRequest(fact.getCompleted().getRequest())
                .setInputs(fact.getCompleted().getInputs())
                .build();
    }

    private static ScoreFact fact(Input.Start input) {
        try {
            return ScoreFact.parseFrom(input.payload());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the input was parsed before", e);
        }
    }
}
