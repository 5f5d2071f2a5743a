package io.espalier.recoverer.kafka;

import io.espalier.job.JobSpec;
import io.espalier.job.Recovery;
import io.espalier.job.RequestMapper;
import io.espalier.pipeline.stage.Step;
import io.espalier.recoverer.domain.PrunedModel;
import io.espalier.recoverer.domain.RecoverPlan;
import io.espalier.recoverer.domain.RecoverResult;
import io.espalier.recoverer.domain.RecoverStep;
import io.espalier.recoverer.domain.RecoverTask;
import io.espalier.recoverer.domain.StagedCheckpoint;
import io.espalier.v1.ArtifactCommitted;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.RecoveryReport;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.ArrayList;
import java.util.List;

/** {@link RecoverPlan} on the wire. */
final class RecoverPlanMapper {
    private RecoverPlanMapper() {}

    /**
     * @param fact the staged checkpoints
     * @param waves results of the complete waves
     */
    static Step next(PrunedCheckpoint fact, List<List<TaskResult>> waves) {
        JobSpec spec = RequestMapper.toSpec(fact.getJobId(), fact.getRequest());
        Recovery recovery = spec.recovery()
                .orElseThrow(() -> new IllegalArgumentException("a staged checkpoint of a job without a recovery"));
        List<PrunedCheckpoint> pruned = checkpoints(fact);
        List<List<RecoverResult>> results = waves.stream()
                .map(wave -> wave.stream().map(RecoverResultMapper::fromWire).toList())
                .toList();
        RecoverStep step =
                new RecoverPlan(pruned.stream().map(RecoverPlanMapper::model).toList(), recovery).next(results);
        if (step instanceof RecoverStep.Run run) {
            return new Step.Run(run.activity(), tasks(fact, run.tasks()));
        }
        if (step instanceof RecoverStep.Commit commit) {
            List<ArtifactCommitted> committed =
                    commit.tasks().stream().map(RecoverPlanMapper::committed).toList();
            return new Step.Run("commit", committed, tasks(fact, commit.tasks()), List.of());
        }
        List<RecoverStep.Recovered> recovered = ((RecoverStep.Done) step).models();
        List<PrunedCheckpoint> after = new ArrayList<>();
        for (int i = 0; i < recovered.size(); i++) {
            after.add(after(pruned.get(i), recovered.get(i), recovery));
        }
        return new Step.HandOver(after.get(0).toBuilder()
                .addAllFurther(after.subList(1, after.size()))
                .build());
    }

    /** One per budget. */
    private static List<PrunedCheckpoint> checkpoints(PrunedCheckpoint fact) {
        List<PrunedCheckpoint> all = new ArrayList<>();
        all.add(fact.toBuilder().clearFurther().build());
        all.addAll(fact.getFurtherList());
        return all;
    }

    private static PrunedModel model(PrunedCheckpoint checkpoint) {
        return new PrunedModel(
                new StagedCheckpoint(checkpoint.getOutput(), checkpoint.getStaging()),
                checkpoint.getManifestSha256(),
                checkpoint.getLayersCount());
    }

    private static PrunedCheckpoint after(PrunedCheckpoint pruned, RecoverStep.Recovered recovered, Recovery recovery) {
        RecoveryReport.Builder report = RecoveryReportMapper.toWire(recovered.report(), recovery)
                .setTextSha256(pruned.getInputs().getRecoverySha256());
        if (recovery.keepUnrecovered()) {
            report.setUnrecoveredOutput(Recovery.unrecovered(pruned.getOutput()));
        } else {
            report.setUnrecoveredStaging(pruned.getStaging());
        }
        return pruned.toBuilder()
                .clearStaging()
                .setManifestSha256(recovered.model().manifestSha256())
                .setGguf(recovered.model().gguf())
                .setRecovery(report)
                .build();
    }

    private static ArtifactCommitted committed(RecoverTask.Commit task) {
        return ArtifactCommitted.newBuilder()
                .setOutput(task.staged().output())
                .setManifestSha256(task.manifestSha256())
                .build();
    }

    private static List<Task> tasks(PrunedCheckpoint fact, List<? extends RecoverTask> tasks) {
        return tasks.stream()
                .map(task -> RecoverTaskMapper.toWire(task, fact.getJobId(), fact.getRequest(), fact.getInputs()))
                .toList();
    }
}
