package io.espalier.model;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.importance.Distribution;
import io.espalier.model.importance.DrawLosses;
import io.espalier.model.importance.HessianPass;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.ZerothOrder;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A process of its own, so that its memory is its own. Prints sizes in bytes: how much memory one piece of work over one
 * or more checkpoints, one after the other, had taken at most after each of them.
 */
final class ScoringProcess {
    /** Enough to see whether layers add up. */
    private static final int SCORED_LAYERS = 3;

    /** Tokens of a window whose scores outweigh a small model. */
    static final int LONG = 3072;

    /** Rounds of passes after each of which the memory in use is printed. */
    static final int ROUNDS = 3;

    private ScoringProcess() {}

    /** @param arguments the work, then checkpoints */
    public static void main(String[] arguments) throws IOException {
        for (int i = 1; i < arguments.length; i++) {
            work(arguments[0], Path.of(arguments[i]));
            print("peak" + i, "VmHWM");
        }
    }

    private static void work(String name, Path folder) throws IOException {
        switch (name) {
            case "score" -> score(folder, GoldenCheckpoint.windows(2, 64, 1));
            case "backprop" -> backprop(folder, GoldenCheckpoint.windows(2, 64, 1));
            case "longer-backprop" -> {
                backprop(folder, GoldenCheckpoint.windows(2, 64, 1));
                print("short", "VmHWM");
                backprop(folder, GoldenCheckpoint.windows(1, LONG, 1));
            }
            case "stream" -> stream(folder, GoldenCheckpoint.windows(16, 64, 1));
            case "repeat-backprop" -> {
                repeatBackprop(folder, 10);
                print("round0", "VmRSS");
                for (int round = 1; round <= ROUNDS; round++) {
                    repeatBackprop(folder, 20);
                    print("round" + round, "VmRSS");
                }
            }
            case "repeat" -> {
                repeat(folder, 50);
                print("early", "VmRSS");
                repeat(folder, 150);
                print("late", "VmRSS");
            }
            default -> MeasuredPass.valueOf(name).run(folder);
        }
    }

    private static void score(Path folder, int[][] windows) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            LayerScope all = new LayerScope(0, checkpoint.config().layers().size());
            ZerothOrder zerothOrder = new ZerothOrder(1, 1e-3);
            InputStatistics statistics = InputStatistics.collect(checkpoint, windows, all, Progress.SILENT);
            List<DrawLosses> losses = zerothOrder.losses(checkpoint, windows, 0, 1, all, Progress.SILENT);
            Criterion fms = Criterion.named("fms", 1);
            List<Criterion> criteria = new ArrayList<>(fms.controls());
            criteria.add(fms);
            for (int layer = 0; layer < SCORED_LAYERS; layer++) {
                LayerScorer.score(checkpoint, layer, criteria, 1, statistics, zerothOrder.gradient(losses));
            }
        }
    }

    /** Every kind of pass that holds nothing but hidden states between layers, computed as the weights are stored. */
    private static void stream(Path folder, int[][] windows) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            LayerScope all = new LayerScope(0, checkpoint.config().layers().size());
            Computation computation = new Computation(ComputeType.BF16, MemoryBudget.DEFAULT);
            Perplexity.of(checkpoint, windows, computation, Progress.SILENT);
            InputStatistics.collect(checkpoint, windows, all, computation, Progress.SILENT);
            for (Distribution distribution : Distribution.values()) {
                new ZerothOrder(1, 1e-3, distribution)
                        .losses(checkpoint, windows, 0, 2, all, computation, Progress.SILENT);
            }
        }
    }

    /** Every layer's gradients, with what the hungriest criteria need of them. */
    private static void backprop(Path folder, int[][] windows) throws IOException {
        Path position = Files.createTempDirectory("position");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            LayerScope all = new LayerScope(0, checkpoint.config().layers().size());
            Criterion taylor =
                    Criterion.named("taylor", CriterionOptions.usual().withForm("mix"));
            new Backprop(checkpoint, windows, all, true)
                    .run(
                            position,
                            (layer, weights, gradients) -> LayerScorer.score(
                                    List.of(taylor), new LayerEvidence(layer, weights, 1).with(gradients)),
                            (layer, attention, feedForward) -> {},
                            Progress.SILENT);
        }
        delete(position);
    }

    private static void repeatBackprop(Path folder, int passes) throws IOException {
        // Wide enough that one hidden state kept by each pass would show.
        int[][] windows = GoldenCheckpoint.windows(48, 64, 1);
        for (int pass = 0; pass < passes; pass++) {
            backprop(folder, windows);
            Path position = Files.createTempDirectory("position");
            try (Checkpoint checkpoint = Checkpoint.open(folder)) {
                LayerScope all = new LayerScope(0, checkpoint.config().layers().size());
                Criterion obs = Criterion.named("obs", 1);
                new HessianPass(checkpoint, windows, all, MemoryBudget.DEFAULT)
                        .run(
                                position,
                                (layer, weights, hessians) -> LayerScorer.score(
                                        List.of(obs), new LayerEvidence(layer, weights, 1).with(hessians)),
                                Progress.SILENT);
                for (Distribution distribution : Distribution.values()) {
                    new ZerothOrder(1, 1e-3, distribution).losses(checkpoint, windows, 0, 1, all, Progress.SILENT);
                }
            }
            delete(position);
        }
    }

    static void delete(Path flat) throws IOException {
        try (var files = Files.list(flat)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(flat);
    }

    private static void repeat(Path folder, int passes) throws IOException {
        Path out = Files.createTempDirectory("pruned");
        RemovedUnits some = new RemovedUnits(new int[] {1}, new int[] {3, 5, 8});
        // Wide enough that one hidden state kept by each pass would show.
        int[][] windows = GoldenCheckpoint.windows(16, 64, 1);
        for (int pass = 0; pass < passes; pass++) {
            score(folder, windows);
            try (Checkpoint checkpoint = Checkpoint.open(folder)) {
                List<RemovedUnits> removed =
                        Collections.nCopies(checkpoint.config().layers().size(), some);
                DemoModel.prune(checkpoint, removed, windows, Compensation.LEAST_SQUARES_BLEND, out);
                Perplexity.of(checkpoint, windows, Progress.SILENT);
            }
        }
        delete(out);
    }

    private static void print(String name, String field) throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(candidate -> candidate.startsWith(field + ":"))
                .findFirst()
                .orElseThrow();
        System.out.println(name + "=" + Long.parseLong(line.replaceAll("\\D", "")) * 1024);
    }
}
