package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.job.Inputs;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Workspace;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.Distribution;
import io.espalier.model.importance.DrawLosses;
import io.espalier.model.importance.GradientSource;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.ZerothOrder;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs the tasks of a score plan. A task that runs twice on the same kind of machine writes the same bytes. */
public final class ScoreWork {
    private final Workspace workspace;

    public ScoreWork(Workspace workspace) {
        this.workspace = workspace;
    }

    /** Checks every input of a job. */
    public Inspection inspect(JobSpec spec, InspectionSettings settings) {
        return new ScoreInspection(workspace, settings).inspect(spec);
    }

    public ScoreResult.StatisticsCollected collect(
            JobSpec spec, Inspection inspection, ScoreTask.CollectStatistics task, Progress progress) {
        return workspace.read(spec, inspection, inputs -> {
            int[][] windows = Arrays.copyOfRange(inputs.calibration(), task.first(), task.last());
            InputStatistics statistics = InputStatistics.collect(
                    inputs.checkpoint(), windows, inspection.measured(), inspection.computation(), progress);
            return new ScoreResult.StatisticsCollected(files(spec).statistics(task.id(), statistics));
        });
    }

    public ScoreResult.LossesCollected collect(
            JobSpec spec, Inspection inspection, ScoreTask.CollectLosses task, Progress progress) {
        return workspace.read(
                spec,
                inspection,
                inputs -> new ScoreResult.LossesCollected(zerothOrder(spec)
                        .losses(
                                inputs.checkpoint(),
                                inputs.calibration(),
                                task.first(),
                                task.last(),
                                inspection.measured(),
                                inspection.computation(),
                                progress)));
    }

    public LayerScore score(JobSpec spec, Inspection inspection, ScoreTask.ScoreLayer task) {
        LayerFiles files = files(spec);
        InputStatistics statistics = files.merged(task.statistics());
        return workspace.read(spec, inspection, inputs -> {
            Checkpoint checkpoint = inputs.checkpoint();
            LayerLayout layout = ModelLayout.of(checkpoint).layers().get(task.layer());
            try (LayerWeights weights = LayerWeights.read(checkpoint, layout)) {
                LayerEvidence evidence = new LayerEvidence(layout, weights, spec.seed())
                        .with(statistics)
                        .with(draws(spec, task.losses()));
                return strategy(spec, LayersApart.class).score(evidence, files);
            }
        });
    }

    /**
     * Scores every layer in one pass. The pass continues from the position that another worker saved.
     *
     * @param visitor receives each layer's scores as soon as they are computed
     */
    public void chain(
            JobSpec spec,
            Inspection inspection,
            ScoreTask.Chain task,
            Consumer<LayerScore> visitor,
            Progress progress) {
        LayerFiles files = files(spec);
        workspace.read(spec, inspection, inputs -> {
            LayerChain.Inputs chained = new LayerChain.Inputs(
                    inputs.checkpoint(),
                    inputs.calibration(),
                    inspection.measured(),
                    inspection.computation().budget(),
                    spec.seed(),
                    files,
                    files.merged(task.statistics()),
                    draws(spec, task.losses()),
                    whileUnchanged(inputs, visitor));
            strategy(spec, LayerChain.class).run(chained, files.position(task), progress);
            return task;
        });
    }

    /**
     * Takes every layer's scores from an earlier job's artifact.
     *
     * @param visitor receives each layer's scores
     */
    public void reuse(JobSpec spec, Inspection inspection, Consumer<LayerScore> visitor) {
        workspace.read(spec, inspection, inputs -> {
            ReusedScores reused = strategy(spec, ReusedScores.class);
            reused.run(inspection, workspace.artifacts(), files(spec), whileUnchanged(inputs, visitor));
            return reused;
        });
    }

    /** The scores of a layer go out before the task ends. */
    private static Consumer<LayerScore> whileUnchanged(Inputs inputs, Consumer<LayerScore> visitor) {
        return score -> {
            inputs.requireUnchanged();
            visitor.accept(score);
        };
    }

    /** The strategy whose plan issued a task. It is the same one, because it depends on the request alone. */
    private static <S extends ScoringStrategy> S strategy(JobSpec spec, Class<S> kind) {
        return kind.cast(ScoringStrategy.of(spec));
    }

    private LayerFiles files(JobSpec spec) {
        return new LayerFiles(workspace.artifacts(), spec.jobId());
    }

    private static @Nullable GradientSource draws(JobSpec spec, List<DrawLosses> losses) {
        return losses.isEmpty() ? null : zerothOrder(spec).gradient(losses);
    }

    private static ZerothOrder zerothOrder(JobSpec spec) {
        JobSpec.Gradient gradient = spec.scoring().gradient();
        return new ZerothOrder(spec.seed(), gradient.epsilon(), Distribution.named(gradient.distribution()));
    }
}
