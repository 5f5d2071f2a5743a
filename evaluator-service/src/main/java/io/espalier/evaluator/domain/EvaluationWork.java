package io.espalier.evaluator.domain;

import io.espalier.base.Progress;
import io.espalier.evaluator.domain.Evaluation.Measurement;
import io.espalier.job.Inputs;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.ScoreSets;
import io.espalier.job.Target;
import io.espalier.job.Workspace;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.evaluation.SlicedPerplexity;
import io.espalier.model.evaluation.Speed;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.Engine;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.ModelSize;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Measures the dense and the pruned model by one protocol. */
public final class EvaluationWork {
    /** The input length published MACs are stated for. */
    private static final int MACS_TOKENS = 64;

    private static final int DECODE_TOKENS = 32;
    private static final int REPETITIONS = 5;

    private static final Logger LOG = LoggerFactory.getLogger(EvaluationWork.class);

    private final Workspace workspace;

    public EvaluationWork(Workspace workspace) {
        this.workspace = workspace;
    }

    /**
     * The artifact to measure.
     *
     * @param output its name in the artifact store
     * @param zeroedWeights weights that pruning made zero in place
     */
    public record Pruned(String output, long zeroedWeights) {}

    public Evaluation evaluate(JobSpec spec, Inspection inspection, Pruned artifact, Progress progress) {
        Engine.setThreads(inspection.threads());
        return workspace.read(spec, inspection, inputs -> evaluate(spec, inspection, artifact, inputs, progress));
    }

    private Evaluation evaluate(
            JobSpec spec, Inspection inspection, Pruned artifact, Inputs inputs, Progress progress) {
        Checkpoint dense = inputs.checkpoint();
        try (Checkpoint pruned = workspace.artifacts().open(artifact.output())) {
            int[][] windows = inputs.evaluation();
            Computation computation = Computation.exact(inspection.computation().budget());
            Optional<ScoreSets> sliced = scoreSets(spec, artifact);
            ModelsProgress models = new ModelsProgress(
                    progress,
                    2 + sliced.map(sets -> sets.names().size()).orElse(0),
                    (long) windows.length
                            * windows[0].length
                            * dense.config().layers().size());
            Perplexity ofDense = Perplexity.of(dense, windows, computation, models.of(0));
            Perplexity ofPruned = Perplexity.of(pruned, windows, computation, models.of(1));
            int[] prompt = prompt(windows[0], dense);
            boolean timed = spec.evaluation().speed() && fit(spec, inspection, dense, pruned);
            Speed.Comparison speed = timed
                    ? Speed.compare(dense, pruned, prompt, DECODE_TOKENS, REPETITIONS)
                    : new Speed.Comparison(new Speed(0, 0), new Speed(0, 0));
            return new Evaluation(
                    measurement(dense, ofDense, speed.dense(), 0),
                    measurement(pruned, ofPruned, speed.pruned(), artifact.zeroedWeights()),
                    pruned.config().layers(),
                    spec.evaluation().heldOut() ? "held-out" : "calibration",
                    spec.evaluation().text().sequenceLength(),
                    ofDense.windows(),
                    ofDense.predictions(),
                    MACS_TOKENS,
                    prompt.length,
                    DECODE_TOKENS,
                    timed ? REPETITIONS : 0,
                    sliced.map(sets -> sliced(spec, inspection, artifact, dense, windows, sets, models))
                            .orElse(Map.of()));
        }
    }

    private static boolean fit(JobSpec spec, Inspection inspection, Checkpoint dense, Checkpoint pruned) {
        boolean fit = Speed.fit(dense, pruned, inspection.computation().budget());
        if (!fit) {
            LOG.info("speed not measured job={}: both models in memory exceed espalier.memory.budget", spec.jobId());
        }
        return fit;
    }

    /** Shortens the prompt where it and the decoded tokens would exceed the positions that the model knows. */
    private static int[] prompt(int[] window, Checkpoint checkpoint) {
        int most = Math.max(1, checkpoint.config().maxPositions() - DECODE_TOKENS);
        return Arrays.copyOf(window, Math.min(window.length, most));
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
            int[][] windows,
            ScoreSets scores,
            ModelsProgress models) {
        Target.Units units = (Target.Units) spec.pruning().target();
        Map<String, Double> perplexities = new LinkedHashMap<>();
        for (String set : scores.names()) {
            List<RemovedUnits> removed = spec.allocation(units, ModelLayout.of(dense))
                    .select(
                            units.variant(artifact.output()).budget(),
                            dense.config().layers(),
                            inspection.scope(),
                            scores.of(set),
                            new PrunedTensors(dense, units.compensation()));
            Progress progress = models.of(2 + perplexities.size());
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

    private static Measurement measurement(
            Checkpoint checkpoint, Perplexity perplexity, Speed speed, long zeroedWeights) {
        ModelSize size = ModelSize.of(checkpoint.config(), checkpoint.tensors().values(), MACS_TOKENS);
        return new Measurement(
                perplexity.value(),
                size.parameters(),
                size.parameters() - zeroedWeights,
                size.macs(),
                checkpoint.bytes(),
                speed.prefill(),
                speed.decode());
    }
}
