package io.espalier.scorer.domain;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.ArtifactStore;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.Digests;
import io.espalier.model.checkpoint.StoredFile;
import io.espalier.model.evaluation.ModelSize;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.Distribution;
import io.espalier.model.importance.GradientSource;
import io.espalier.model.importance.HessianPass;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.RankCorrelation;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.ZerothOrder;
import io.espalier.model.pruning.LayerScope;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.UnitScores;
import io.espalier.model.tensor.Engine;
import io.espalier.model.transformer.LayerLayout;
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
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Does the tasks of a score plan. A task done twice leaves the same bytes. */
public final class ScoreWork {
    private final Workspace workspace;

    public ScoreWork(Workspace workspace) {
        this.workspace = workspace;
    }

    /**
     * Looks at everything a job names before anything expensive: checkpoint, layout, budget, texts, layers, output.
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
            spec.allocation(layout)
                    .check(
                            spec.pruning().budget(),
                            checkpoint.config().layers(),
                            scope,
                            new PrunedTensors(checkpoint, spec.pruning().compensation()));
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
        GradientSource gradient =
                task.losses().isEmpty() ? null : zerothOrder(spec).gradient(task.losses());
        try (Checkpoint checkpoint = workspace.model(spec)) {
            return scored(
                    spec,
                    task.layer(),
                    LayerScorer.score(
                            checkpoint,
                            task.layer(),
                            criteria(spec),
                            spec.seed(),
                            merged(task.statistics()),
                            gradient));
        }
    }

    /**
     * Scores every layer in one pass that continues from where another worker stopped.
     *
     * @param visitor hears each layer's scores as they are made
     */
    public void chain(
            JobSpec spec,
            Inspection inspection,
            ScoreTask.Chain task,
            Consumer<LayerScore> visitor,
            Progress progress) {
        InputStatistics statistics = merged(task.statistics());
        List<Criterion> criteria = criteria(spec);
        Criterion criterion = criteria.get(0);
        Path position = workspace.artifacts().work(spec.jobId()).resolve(task.id());
        BiConsumer<LayerLayout, LayerEvidence> score = (layer, evidence) ->
                visitor.accept(scored(spec, layer.index(), LayerScorer.score(criteria, evidence.with(statistics))));
        try (Checkpoint checkpoint = workspace.model(spec)) {
            int[][] windows = workspace.calibration(spec, checkpoint);
            if (criterion.needsHessians()) {
                HessianPass.Visitor visit = (layer, weights, hessians) ->
                        score.accept(layer, new LayerEvidence(layer, weights, spec.seed()).with(hessians));
                new HessianPass(checkpoint, windows, scope(inspection)).run(position, visit, progress);
            } else {
                Backprop.Visitor visit = (layer, weights, gradients) ->
                        score.accept(layer, new LayerEvidence(layer, weights, spec.seed()).with(gradients));
                new Backprop(checkpoint, windows, scope(inspection), criterion.needsBackprop())
                        .run(position, visit, progress);
            }
        }
    }

    /** The criterion and, where asked for, its controls. */
    private static List<Criterion> criteria(JobSpec spec) {
        Criterion criterion =
                Criterion.named(spec.scoring().criterion(), spec.scoring().options());
        List<Criterion> criteria = new ArrayList<>(List.of(criterion));
        if (spec.scoring().controls()) {
            criteria.addAll(criterion.controls());
        }
        return criteria;
    }

    private LayerScore scored(JobSpec spec, int layer, Map<String, UnitScores> sets) {
        StoredFile file = store(spec, "scores-layer-" + layer, ScoreFile.write(sets));
        return new LayerScore(sets, new ScoreResult.LayerScored(layer, file, ranks(layer, sets)));
    }

    /** How the controls rank beside the criterion, whose set is the first. */
    private static List<ScoreResult.ControlRanks> ranks(int layer, Map<String, UnitScores> sets) {
        UnitScores own = sets.values().iterator().next();
        return sets.entrySet().stream()
                .skip(1)
                .map(control -> new ScoreResult.ControlRanks(
                        control.getKey(),
                        layer,
                        RankCorrelation.spearman(
                                own.attention(), control.getValue().attention()),
                        RankCorrelation.spearman(own.ffn(), control.getValue().ffn())))
                .toList();
    }

    private @Nullable InputStatistics merged(List<StoredFile> files) {
        return files.isEmpty()
                ? null
                : InputStatistics.merged(files.stream()
                        .map(file ->
                                InputStatistics.fromBytes(workspace.artifacts().read(file)))
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
        JobSpec.Gradient gradient = spec.scoring().gradient();
        return new ZerothOrder(spec.seed(), gradient.epsilon(), Distribution.named(gradient.distribution()));
    }

    private static LayerScope scope(Inspection inspection) {
        return new LayerScope(inspection.firstLayer(), inspection.lastLayer());
    }
}
