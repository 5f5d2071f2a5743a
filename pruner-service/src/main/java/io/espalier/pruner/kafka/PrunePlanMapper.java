package io.espalier.pruner.kafka;

import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.job.UnitsRemovedMapper;
import io.espalier.pipeline.stage.Step;
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
import java.util.List;
import java.util.Optional;

/** {@link PrunePlan} on the wire. */
final class PrunePlanMapper {
    private PrunePlanMapper() {}

    /**
     * @param fact the end of scoring
     * @param waves results of the complete waves
     */
    static Step next(ScoreFact fact, List<List<TaskResult>> waves) {
        ScoringCompleted completed = fact.getCompleted();
        List<List<PruneResult>> results = waves.stream()
                .map(wave -> wave.stream().map(PrunedArtifactMapper::result).toList())
                .toList();
        JobSpec spec = PruneTaskMapper.spec(fact.getJobId(), completed.getRequest());
        Target target = spec.pruning().target();
        PruneStep step = new PrunePlan(
                        target.outputs(),
                        PruneTaskMapper.files(completed.getScoresList(), completed.getInputs()),
                        target instanceof Target.Units units ? units.search() : Optional.empty(),
                        spec.recovery().isPresent())
                .next(results);
        if (step instanceof PruneStep.Run run) {
            return new Step.Run(run.activity(), tasks(fact, run.tasks()));
        }
        if (step instanceof PruneStep.Commit commit) {
            List<ArtifactCommitted> committed =
                    commit.tasks().stream().map(PrunePlanMapper::committed).toList();
            return new Step.Run("commit", committed, tasks(fact, commit.tasks()), List.of());
        }
        List<PrunedCheckpoint> checkpoints = step instanceof PruneStep.Staged staged
                ? staged.artifacts().stream()
                        .map(artifact -> checkpoint(fact, artifact.artifact()).toBuilder()
                                .setStaging(artifact.staging())
                                .build())
                        .toList()
                : ((PruneStep.Done) step)
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
        PrunedCheckpoint checkpoint = PrunedArtifactMapper.toWire(artifact)
                .setJobId(fact.getJobId())
                .setRequest(completed.getRequest())
                .setInputs(completed.getInputs())
                .addAllControls(completed.getControlsList())
                .build();
        return checkpoint.toBuilder()
                .addAllRemoved(UnitsRemovedMapper.toWire(checkpoint))
                .build();
    }

    private static List<Task> tasks(ScoreFact fact, List<? extends PruneTask> tasks) {
        ScoringCompleted completed = fact.getCompleted();
        return tasks.stream()
                .map(task ->
                        PruneTaskMapper.toWire(task, fact.getJobId(), completed.getRequest(), completed.getInputs()))
                .toList();
    }
}
