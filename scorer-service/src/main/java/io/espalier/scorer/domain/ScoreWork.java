package io.espalier.scorer.domain;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.ArtifactStore;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.Digests;
import io.espalier.model.checkpoint.StoredFile;
import io.espalier.model.evaluation.ModelSize;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.GradientSource;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.RankCorrelation;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.ZerothOrder;
import io.espalier.model.pruning.LayerScope;
import io.espalier.model.pruning.UnitScores;
import io.espalier.model.tensor.Engine;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.pipeline.request.Inspection;
import io.espalier.pipeline.request.JobSpec;
import io.espalier.pipeline.request.Workspace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Does the tasks of a score plan. A task done twice leaves the same bytes. */
public final class ScoreWork {
    private final Workspace workspace;

    public ScoreWork(Workspace workspace) {
        this.workspace = workspace;
    }

    /**
     * Looks at everything a job names before anything expensive: checkpoint, layout, texts, layers, output.
     *
     * @param threads every task of the job will compute with
     */
    public Inspection inspect(JobSpec spec, int threads) {
        Path output = workspace.artifacts().output(spec.output());
        if (Files.exists(output) && !ArtifactStore.holds(output, spec.jobId())) {
            throw new EspalierException(
                    ErrorCode.ALREADY_EXISTS, "output \"" + spec.output() + "\" exists already; choose another name");
        }
        try (Checkpoint checkpoint = workspace.model(spec)) {
            ModelLayout layout = ModelLayout.of(checkpoint);
            LayerScope scope = LayerScope.parse(
                    spec.pruning().layers(), checkpoint.config().layers().size());
            int calibration = workspace.calibration(spec, checkpoint).length;
            int evaluation = workspace.evaluation(spec, checkpoint).length;
            Engine.setThreads(threads);
            var profile = Engine.profile();
            return new Inspection(
                    layout.family(),
                    checkpoint.config().layers(),
                    ModelSize.of(checkpoint.config(), checkpoint.tensors().values(), 1)
                            .parameters(),
                    checkpoint.sha256(),
                    workspace.calibrationSha256(spec),
                    workspace.evaluationSha256(spec),
                    calibration,
                    evaluation,
                    scope.first(),
                    scope.last(),
                    threads,
                    Map.of(
                            "engine", profile.engine(),
                            "device", profile.device(),
                            "instruction_set", profile.instructionSet()));
        }
    }

    public ScoreResult.StatisticsCollected collect(
            JobSpec spec, Inspection inspection, ScoreTask.CollectStatistics task, Progress progress) {
        try (Checkpoint checkpoint = workspace.model(spec)) {
            int[][] windows = Arrays.copyOfRange(workspace.calibration(spec, checkpoint), task.first(), task.last());
            InputStatistics statistics = InputStatistics.collect(checkpoint, windows, scope(inspection), progress);
            return new ScoreResult.StatisticsCollected(store(spec, task.id(), statistics.toBytes()));
        }
    }

    public ScoreResult.LossesCollected collect(
            JobSpec spec, Inspection inspection, ScoreTask.CollectLosses task, Progress progress) {
        try (Checkpoint checkpoint = workspace.model(spec)) {
            int[][] windows = workspace.calibration(spec, checkpoint);
            return new ScoreResult.LossesCollected(zerothOrder(spec)
                    .losses(checkpoint, windows, task.first(), task.last(), scope(inspection), progress));
        }
    }

    /** Scores of the criterion first, then of its controls, and how the controls rank beside it. */
    public record LayerScore(Map<String, UnitScores> sets, ScoreResult.LayerScored result) {}

    public LayerScore score(JobSpec spec, ScoreTask.ScoreLayer task) {
        Criterion criterion =
                Criterion.named(spec.scoring().criterion(), spec.scoring().magnitudeP());
        List<Criterion> criteria = new ArrayList<>(List.of(criterion));
        if (spec.scoring().controls()) {
            criteria.addAll(criterion.controls());
        }
        InputStatistics statistics = task.statistics().isEmpty() ? null : merged(task.statistics());
        GradientSource gradient =
                task.losses().isEmpty() ? null : zerothOrder(spec).gradient(task.losses());
        try (Checkpoint checkpoint = workspace.model(spec)) {
            Map<String, UnitScores> sets =
                    LayerScorer.score(checkpoint, task.layer(), criteria, spec.seed(), statistics, gradient);
            StoredFile file = store(spec, "scores-" + task.id(), ScoreFile.write(sets));
            return new LayerScore(
                    sets, new ScoreResult.LayerScored(task.layer(), file, ranks(task.layer(), criterion, sets)));
        }
    }

    private static List<ScoreResult.ControlRanks> ranks(int layer, Criterion criterion, Map<String, UnitScores> sets) {
        List<ScoreResult.ControlRanks> ranks = new ArrayList<>();
        UnitScores own = sets.get(criterion.name());
        sets.forEach((name, other) -> {
            if (own != null && !name.equals(criterion.name())) {
                ranks.add(new ScoreResult.ControlRanks(
                        name,
                        layer,
                        RankCorrelation.spearman(own.attention(), other.attention()),
                        RankCorrelation.spearman(own.ffn(), other.ffn())));
            }
        });
        return ranks;
    }

    private InputStatistics merged(List<StoredFile> files) {
        return InputStatistics.merged(files.stream()
                .map(file -> InputStatistics.fromBytes(workspace.artifacts().read(file)))
                .toList());
    }

    /** Named by its content: a task done again on a machine that rounds otherwise does not get in the way. */
    private StoredFile store(JobSpec spec, String name, byte[] bytes) {
        ArtifactStore artifacts = workspace.artifacts();
        String digest = Digests.sha256(bytes).substring(0, 16);
        Path file = artifacts.work(spec.jobId()).resolve(name + "-" + digest + ".safetensors");
        return artifacts.writeOnce(artifacts.root().relativize(file), bytes);
    }

    private static ZerothOrder zerothOrder(JobSpec spec) {
        return new ZerothOrder(spec.seed(), spec.scoring().gradient().epsilon());
    }

    private static LayerScope scope(Inspection inspection) {
        return new LayerScope(inspection.firstLayer(), inspection.lastLayer());
    }
}
