package io.espalier.model.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.evaluation.Comparison;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.DemoScores;
import io.espalier.model.pruning.LayerRemoval;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.sparsity.LinearChoice;
import io.espalier.model.sparsity.MaskCriterion;
import io.espalier.model.sparsity.MaskReport;
import io.espalier.model.sparsity.SparseGptPass;
import io.espalier.model.sparsity.SparsePruning;
import io.espalier.model.sparsity.SparsityPattern;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a recovery is worth on the trained demo model. The table of docs/results.md is made with
 * {@code -Dresults.full=true}.
 */
class RecoveryIT {
    private static final Path TABLE = Path.of("target", "recovery-results.md");

    private static final SparsityPattern TWO_OF_FOUR = new SparsityPattern.NofM(2, 4);

    @TempDir
    private Path folder;

    /** Writes what is left of a dense model into a folder. */
    private interface Pruning {
        /** @return names of the tensors in which single weights became zero */
        Set<String> write(Checkpoint dense, int[][] windows, Path out);
    }

    private Set<String> halfOfTheUnits(Checkpoint dense, int[][] windows, Path out) {
        Map<Integer, UnitScores> scores =
                DemoScores.byLayer(new DemoScores(dense, windows, folder.resolve("scores")).obs());
        List<RemovedUnits> removed = new UniformAllocation(new UnitRounding(1))
                .select(
                        new Budget.UnitRatio(0.5),
                        dense.config().layers(),
                        all(dense),
                        scores,
                        new PrunedTensors(dense, Compensation.LEAST_SQUARES_BLEND));
        DemoModel.prune(dense, removed, windows, Compensation.LEAST_SQUARES_BLEND, out);
        return Set.of();
    }

    private static Set<String> twoOfFourByWanda(Checkpoint dense, int[][] windows, Path out) {
        InputStatistics statistics = InputStatistics.collect(dense, windows, all(dense), Progress.SILENT);
        return SparsePruning.write(
                        dense,
                        all(dense),
                        (layer, weights) -> MaskCriterion.named("wanda")
                                .masks(
                                        new LayerEvidence(layer, weights, 0).with(statistics),
                                        TWO_OF_FOUR,
                                        LinearChoice.ALL),
                        out)
                .stream()
                .map(MaskReport::tensor)
                .collect(Collectors.toSet());
    }

    private static Set<String> twoOfFourBySparseGpt(Checkpoint dense, int[][] windows, Path out) {
        SparseGptPass pass =
                new SparseGptPass(dense, windows, TWO_OF_FOUR, LinearChoice.ALL, all(dense), MemoryBudget.DEFAULT);
        return SparsePruning.write(dense, out, writer -> pass.run(writer, Progress.SILENT)).stream()
                .map(report -> report.mask().tensor())
                .collect(Collectors.toSet());
    }

    private static Set<String> withoutALayer(Checkpoint dense, int[][] windows, Path out) {
        LayerRemoval removal = new LayerRemoval(dense, Set.of(3));
        try (CheckpointWriter writer = CheckpointWriter.create(out, removal.tensors())) {
            removal.run(writer, Progress.SILENT);
            writer.writeConfig(removal.config());
            writer.finish();
        }
        return Set.of();
    }

    private static LayerScope all(Checkpoint dense) {
        return new LayerScope(0, dense.config().layers().size());
    }

    /** A demo model that lost half of its units or weights, with what recoveries learn from. */
    private final class Halved implements AutoCloseable {
        private final Checkpoint dense;
        private final Checkpoint pruned;
        private final Set<String> masked;
        private final int[][] windows;
        private final int[][] evaluation;
        private final Path teacher = folder.resolve("teacher");

        Halved(int samples, int evaluated, Pruning pruning) {
            dense = DemoModel.open();
            windows = DemoModel.calibration(dense, samples, 128);
            evaluation = DemoModel.evaluation(dense, evaluated, 128);
            Path out = folder.resolve("pruned");
            masked = pruning.write(dense, windows, out);
            pruned = Checkpoint.open(out);
            new TeacherPass(dense, windows, MemoryBudget.DEFAULT).run(teacher, Progress.SILENT);
        }

        LocalDistillation distillation(LocalTraining training, long seed) {
            return new LocalDistillation(pruned, masked, windows, teacher, training, seed, MemoryBudget.DEFAULT);
        }

        List<LossCurve> parallel(LocalTraining training, long seed, Path to) {
            return IntStream.range(0, pruned.config().layers().size())
                    .mapToObj(layer -> distillation(training, seed).layer(layer, to, Progress.SILENT))
                    .toList();
        }

        /** The pruned checkpoint with the weights that a training left in a folder. */
        Checkpoint recovered(Path layers, String name) throws IOException {
            return written(name, writer -> RecoveredCheckpoint.write(pruned, layers, writer, Progress.SILENT));
        }

        LoraDistillation lora(Checkpoint student, LoraTraining training, long seed) {
            return new LoraDistillation(
                    student, dense.config().layers().size(), windows, teacher, training, seed, MemoryBudget.DEFAULT);
        }

        Checkpoint written(String name, Consumer<CheckpointWriter> tensors) throws IOException {
            Path out = folder.resolve(name);
            try (CheckpointWriter writer =
                    CheckpointWriter.create(out, List.copyOf(pruned.tensors().values()))) {
                tensors.accept(writer);
                writer.finish();
            }
            Files.copy(folder.resolve("pruned").resolve("config.json"), out.resolve("config.json"));
            return Checkpoint.open(out);
        }

        double perplexity(Checkpoint checkpoint) {
            return Perplexity.of(checkpoint, evaluation, Progress.SILENT).value();
        }

        @Override
        public void close() {
            pruned.close();
            dense.close();
        }
    }

    @Test
    void aModelThatLostHalfOfItsUnitsComesCloserToTheDenseOne() throws IOException {
        try (Halved halved = new Halved(64, 50, this::halfOfTheUnits)) {
            // Given
            Path layers = folder.resolve("layers");

            // When
            List<LossCurve> curves = halved.parallel(new LocalTraining(false, 40, 8, 1e-3), 1, layers);

            // Then
            assertThat(curves).allSatisfy(curve -> assertThat(curve.after()).isLessThan(curve.before()));
            try (Checkpoint recovered = halved.recovered(layers, "recovered")) {
                assertThat(halved.perplexity(recovered)).isLessThan(halved.perplexity(halved.pruned));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(LoraTraining.Objective.class)
    void adaptersBringItCloser(LoraTraining.Objective objective) throws IOException {
        try (Halved halved = new Halved(64, 50, this::halfOfTheUnits)) {
            // Given
            LoraTraining training = new LoraTraining(8, 16, List.of(), objective, 20, 8, 1e-3, 2);
            LoraDistillation lora = halved.lora(halved.pruned, training, 1);
            Path work = folder.resolve("lora");

            // When
            LossCurve curve = lora.run(work, Progress.SILENT);

            // Then
            assertThat(curve.after()).isLessThan(curve.before());
            try (Checkpoint merged = halved.written(
                    "merged",
                    writer -> LoraDistillation.merge(lora.student(), lora.training(), work, writer, Progress.SILENT))) {
                assertThat(halved.perplexity(merged)).isLessThan(halved.perplexity(halved.pruned));
            }
        }
    }

    @Test
    void adaptersBringAModelThatLostALayerCloser() throws IOException {
        try (Halved halved = new Halved(64, 50, RecoveryIT::withoutALayer)) {
            // Given
            LoraTraining training = new LoraTraining(8, 16, List.of(), LoraTraining.Objective.DISTILL, 20, 8, 1e-3, 2);
            LoraDistillation lora = halved.lora(halved.pruned, training, 1);
            int[][] heldOut = Arrays.stream(
                            RecoveryWindows.of(halved.windows.length).heldOut())
                    .mapToObj(window -> halved.windows[window])
                    .toArray(int[][]::new);

            // When
            LossCurve curve = lora.run(folder.resolve("lora"), Progress.SILENT);

            // Then: the whole dense model teaches, although it has more layers
            Comparison before =
                    Comparison.of(halved.dense, List.of(halved.pruned), heldOut, MemoryBudget.DEFAULT, Progress.SILENT);
            assertThat(curve.before()).isCloseTo(before.others().get(0).divergence(), within(1e-5));
            assertThat(curve.after()).isLessThan(curve.before());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wanda", "sparsegpt"})
    @EnabledIfSystemProperty(named = "results.full", matches = "true")
    void everyRecoveryOfAMask(String rule) throws IOException {
        Pruning pruning = rule.equals("wanda") ? RecoveryIT::twoOfFourByWanda : RecoveryIT::twoOfFourBySparseGpt;
        List<String> rows = new ArrayList<>();
        try (Halved halved = new Halved(512, 200, pruning)) {
            rows.add("dense | %.3f".formatted(halved.perplexity(halved.dense)));
            rows.add("pruned | %.3f".formatted(halved.perplexity(halved.pruned)));
            for (boolean sequential : new boolean[] {false, true}) {
                String order = sequential ? "sequential" : "parallel";
                LocalTraining training = new LocalTraining(sequential, 150, 16, 1e-3);
                Path layers = folder.resolve("layers-" + order);
                List<LossCurve> curves = sequential
                        ? halved.distillation(training, 1).sequence(layers, Progress.SILENT)
                        : halved.parallel(training, 1, layers);
                curves.forEach(curve -> rows.add(
                        "%s | %.4f | %.4f | %d".formatted(order, curve.before(), curve.after(), curve.best())));
                try (Checkpoint recovered = halved.recovered(layers, "recovered-" + order)) {
                    rows.add("%s | %.3f".formatted(order, halved.perplexity(recovered)));
                }
                Files.write(TABLE.resolveSibling("recovery-results-%s.md".formatted(rule)), rows);
            }
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "results.full", matches = "true")
    void everyRecovery() throws IOException {
        int steps = Integer.getInteger("results.steps", 150);
        int loraSteps = Integer.getInteger("results.lora.steps", 300);
        double loraRate = Double.parseDouble(System.getProperty("results.lora.rate", "1e-3"));
        List<String> rows = new ArrayList<>();
        try (Halved halved = new Halved(Integer.getInteger("results.samples", 512), 200, this::halfOfTheUnits)) {
            rows.add("dense | %.3f".formatted(halved.perplexity(halved.dense)));
            rows.add("pruned | %.3f".formatted(halved.perplexity(halved.pruned)));
            for (String order :
                    System.getProperty("results.orders", "parallel,sequential").split(",", -1)) {
                boolean sequential = order.equals("sequential");
                LocalTraining training = new LocalTraining(sequential, steps, 16, 1e-3);
                Path layers = folder.resolve("layers-" + order);
                List<LossCurve> curves = sequential
                        ? halved.distillation(training, 1).sequence(layers, Progress.SILENT)
                        : halved.parallel(training, 1, layers);
                curves.forEach(curve -> rows.add(
                        "%s | %.4f | %.4f | %d".formatted(order, curve.before(), curve.after(), curve.best())));
                try (Checkpoint recovered = halved.recovered(layers, "recovered-" + order)) {
                    rows.add("%s | %.3f".formatted(order, halved.perplexity(recovered)));
                    Files.write(TABLE, rows);
                    LoraDistillation lora = halved.lora(
                            recovered,
                            new LoraTraining(
                                    8,
                                    16,
                                    List.of(),
                                    LoraTraining.Objective.DISTILL,
                                    loraSteps,
                                    16,
                                    loraRate,
                                    loraSteps / 10),
                            1);
                    Path work = folder.resolve("lora-" + order);
                    LossCurve curve = lora.run(work, Progress.SILENT);
                    rows.add("%s + lora | %s".formatted(order, curve));
                    try (Checkpoint merged = halved.written(
                            "merged-" + order,
                            writer -> LoraDistillation.merge(
                                    lora.student(), lora.training(), work, writer, Progress.SILENT))) {
                        rows.add("%s + lora | %.3f".formatted(order, halved.perplexity(merged)));
                    }
                    Files.write(TABLE, rows);
                }
            }
        }
    }
}
