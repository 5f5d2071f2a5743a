package io.espalier.evaluator.domain;

import io.espalier.base.Progress;
import io.espalier.evaluator.domain.Evaluation.Distance;
import io.espalier.evaluator.domain.Evaluation.Measurement;
import io.espalier.evaluator.domain.Evaluation.Quality;
import io.espalier.job.Inputs;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.ScoreSets;
import io.espalier.job.Target;
import io.espalier.job.Workspace;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Comparison;
import io.espalier.model.evaluation.SlicedPerplexity;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.Allocation;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.tensor.Engine;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.ModelSize;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Measures the dense and the pruned model by one protocol, and where it was recovered also what it was before. */
public final class EvaluationWork {
    /** The input length published MACs are stated for. */
    private static final int MACS_TOKENS = 64;

    private final Workspace workspace;

    public EvaluationWork(Workspace workspace) {
        this.workspace = workspace;
    }

    /**
     * The artifact to measure.
     *
     * @param output its name in the artifact store
     * @param zeroedWeights weights that pruning made zero in place; a recovery leaves them so
     * @param unrecovered the model as it was before its recovery; empty where there was none
     */
    public record Pruned(String output, long zeroedWeights, Optional<Unrecovered> unrecovered) {}

    /** @param windowsApart whether {@link WindowsWork} measures the perplexities, window by window */
    public Evaluation evaluate(
            JobSpec spec, Inspection inspection, Pruned artifact, boolean windowsApart, Progress progress) {
        Engine.setThreads(inspection.threads());
        return workspace.read(spec, inspection, inputs -> {
            if (artifact.unrecovered().isEmpty()) {
                return evaluate(spec, inspection, artifact, Optional.empty(), windowsApart, inputs, progress);
            }
            try (Checkpoint unrecovered = artifact.unrecovered().get().open(workspace.artifacts(), spec.jobId())) {
                return evaluate(spec, inspection, artifact, Optional.of(unrecovered), windowsApart, inputs, progress);
            }
        });
    }

    private Evaluation evaluate(
            JobSpec spec,
            Inspection inspection,
            Pruned artifact,
            Optional<Checkpoint> unrecovered,
            boolean windowsApart,
            Inputs inputs,
            Progress progress) {
        Checkpoint dense = inputs.checkpoint();
        try (Checkpoint pruned = workspace.artifacts().open(artifact.output())) {
            Optional<ScoreSets> sliced = scoreSets(spec, artifact);
            // The first one is the prompt of the speeds.
            int[][] windows = windowsApart && sliced.isEmpty() ? inputs.evaluation(0, 1) : inputs.evaluation();
            int length = windows[0].length;
            List<Checkpoint> measured = new ArrayList<>(List.of(pruned));
            unrecovered.ifPresent(measured::add);
            int compared = windowsApart ? 0 : 1 + measured.size();
            ModelsProgress models = new ModelsProgress(
                    progress,
                    compared + sliced.map(sets -> sets.names().size()).orElse(0),
                    (long) windows.length * length * dense.config().layers().size());
            Optional<Comparison> comparison = windowsApart
                    ? Optional.empty()
                    : Optional.of(Comparison.of(
                            dense, measured, windows, inspection.computation().budget(), models.first(compared)));
            Speeds speeds = new SpeedWork().measure(spec, inspection, dense, pruned, windows[0]);
            return new Evaluation(
                    measurement(
                            dense, comparison.map(all -> new Quality(all.dense().value(), Optional.empty())), 0),
                    measurement(pruned, comparison.map(all -> quality(all, 0)), artifact.zeroedWeights()),
                    unrecovered.map(model ->
                            measurement(model, comparison.map(all -> quality(all, 1)), artifact.zeroedWeights())),
                    pruned.config().layers(),
                    spec.evaluation().heldOut() ? "held-out" : "calibration",
                    spec.evaluation().text().sequenceLength(),
                    inspection.evaluationWindows(),
                    (long) inspection.evaluationWindows() * (length - 1),
                    MACS_TOKENS,
                    speeds,
                    sliced.map(sets ->
                                    sliced(spec, inspection, artifact, dense, pruned, windows, sets, models, compared))
                            .orElse(Map.of()));
        }
    }

    /**
     * The score sets whose choices are compared by the perplexity of the dense model without the units each would remove;
     * empty where that is not asked for.
     */
    private Optional<ScoreSets> scoreSets(JobSpec spec, Pruned artifact) {
        return spec.scoring().controls() == JobSpec.Controls.PERPLEXITY
                        && spec.pruning().target() instanceof Target.Units
                ? Optional.of(new ScoreSets(
                        ScoreFile.readLayers(workspace.artifacts().read(artifact.output(), ScoreFile.NAME))))
                : Optional.empty();
    }

    /**
     * Perplexity of the dense model without the units that each score set of the job would remove, by the set's name.
     * It shows by how much the sets' choices differ before anything repairs them.
     */
    private static Map<String, Double> sliced(
            JobSpec spec,
            Inspection inspection,
            Pruned artifact,
            Checkpoint dense,
            Checkpoint pruned,
            int[][] windows,
            ScoreSets scores,
            ModelsProgress models,
            int before) {
        Target.Units units = (Target.Units) spec.pruning().target();
        Map<String, Double> perplexities = new LinkedHashMap<>();
        for (String set : scores.names()) {
            List<RemovedUnits> removed = units.search().isPresent()
                    ? leaving(pruned, units, inspection, dense, scores.of(set))
                    : spec.allocation(units, ModelLayout.of(dense))
                            .select(
                                    units.variant(artifact.output()).budget(),
                                    dense.config().layers(),
                                    inspection.scope(),
                                    scores.of(set),
                                    new PrunedTensors(dense, units.compensation()));
            Progress progress = models.of(before + perplexities.size());
            perplexities.put(
                    set,
                    SlicedPerplexity.of(
                                    dense,
                                    removed,
                                    windows,
                                    inspection.computation().budget(),
                                    progress)
                            .value());
        }
        return perplexities;
    }

    /** What a set would remove to leave the shapes that a search chose. Only the criterion's own set was searched with. */
    private static List<RemovedUnits> leaving(
            Checkpoint pruned,
            Target.Units units,
            Inspection inspection,
            Checkpoint dense,
            Map<Integer, UnitScores> scores) {
        List<LayerShape> left = pruned.config().layers().stream()
                .map(shape -> shape.in(units.attentionUnit()))
                .toList();
        return Allocation.removed(dense.config().layers(), left, inspection.scope(), scores);
    }

    private static Quality quality(Comparison comparison, int other) {
        Comparison.Measured measured = comparison.others().get(other);
        return new Quality(
                measured.perplexity().value(), Optional.of(new Distance(measured.divergence(), measured.agreement())));
    }

    private static Measurement measurement(Checkpoint checkpoint, Optional<Quality> quality, long zeroedWeights) {
        ModelSize size = ModelSize.of(checkpoint.config(), checkpoint.tensors().values(), MACS_TOKENS);
        return new Measurement(
                quality, size.parameters(), size.parameters() - zeroedWeights, size.macs(), checkpoint.bytes());
    }
}
