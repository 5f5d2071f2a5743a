package io.espalier.benchmarks.measure;

import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.artifact.Manifest;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.PruningPass;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.tensor.MemoryBudget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Measures pruning a fifth of all units and evaluating the pruned model, in {@code seconds}. */
final class PruneMeasures {
    private static final Budget A_FIFTH = new Budget.UnitRatio(0.2);

    private PruneMeasures() {}

    /** Selects units, repairs, writes and digests. The pruned checkpoint stays in the scratch folder. */
    static Measured prune(Work work, Compensation compensation) {
        try (ForwardPass pass = ForwardPass.exact(work)) {
            Path out = prunedFolder(work);
            return new Measured(Map.of("seconds", Alternation.seconds(() -> write(pass, work, compensation, out))));
        }
    }

    /**
     * Compares the pruner without a repair with {@code cp} of the same checkpoint. Both are timed until the bytes are on
     * disk. {@code pruner_over_copy} is the pruner's bytes read and written per second divided by those of {@code cp}.
     */
    static Measured copy(Work work) {
        try (ForwardPass pass = ForwardPass.exact(work)) {
            long bytes = pass.checkpoint().bytes();
            Path out = prunedFolder(work);
            Path copy = work.scratch().resolve("copy");
            Alternation turns = Alternation.of(
                    () -> FileCopy.run(work.checkpoint(), copy),
                    () -> write(pass, work, Compensation.NONE, out),
                    work.repetitions());
            double moved = (double) bytes + prunedBytes(out);
            double copied = 2.0 * bytes;
            return new Measured(Map.of(
                    "pruner_over_copy", moved / copied / turns.ratio(),
                    "copy_bytes_per_second", copied / turns.base(),
                    "seconds", turns.base() * turns.ratio()));
        }
    }

    /** Measures the perplexity of the dense model and, if it exists, of the pruned model on the same windows. */
    static Measured evaluate(Work work) {
        try (ForwardPass pass = ForwardPass.exact(work)) {
            Path out = prunedFolder(work);
            double seconds = Alternation.seconds(() -> {
                pass.run();
                if (Files.exists(out)) {
                    try (Checkpoint pruned = Checkpoint.open(out)) {
                        Perplexity.of(pruned, pass.windows(), Progress.SILENT);
                    }
                }
            });
            return new Measured(Map.of("seconds", seconds));
        }
    }

    private static Path prunedFolder(Work work) {
        return work.scratch().resolve("pruned");
    }

    private static long prunedBytes(Path folder) {
        try (Checkpoint pruned = Checkpoint.open(folder)) {
            return pruned.bytes();
        }
    }

    private static void write(ForwardPass pass, Work work, Compensation compensation, Path out) {
        ScratchFolder.delete(out);
        Checkpoint checkpoint = pass.checkpoint();
        PruningPass pruning =
                new PruningPass(checkpoint, removed(pass, work, compensation), compensation, MemoryBudget.DEFAULT);
        try (CheckpointWriter writer = CheckpointWriter.create(out, pruning.tensors())) {
            pruning.run(pass.windows(), writer, Progress.SILENT);
            writer.writeConfig(pruning.config());
            // Digests are part of the work, because an artifact's manifest lists the digest of every file.
            Manifest.filesOf(out, writer.finish());
        }
    }

    private static List<RemovedUnits> removed(ForwardPass pass, Work work, Compensation compensation) {
        List<LayerShape> dense = pass.checkpoint().config().layers();
        return new UniformAllocation(new UnitRounding(1))
                .select(
                        A_FIFTH,
                        dense,
                        pass.everyLayer(),
                        scores(work, dense),
                        new PrunedTensors(pass.checkpoint(), compensation));
    }

    /**
     * The scores by layer index that a scorer left, else random ones. The amount of work does not depend on which units
     * are removed.
     */
    private static Map<Integer, UnitScores> scores(Work work, List<LayerShape> dense) {
        Path file = ScoreMeasures.scoreFile(work);
        Map<Integer, UnitScores> scores = new HashMap<>();
        if (!Files.exists(file)) {
            Random random = new Random(1);
            dense.forEach(shape -> scores.put(
                    scores.size(),
                    new UnitScores(
                            random.doubles(shape.attentionUnits()).toArray(),
                            random.doubles(shape.ffnChannels()).toArray())));
            return scores;
        }
        try {
            ScoreFile.read(Files.readAllBytes(file))
                    .forEach((layer, found) -> scores.put(Integer.valueOf(layer), found));
            return scores;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }
}
