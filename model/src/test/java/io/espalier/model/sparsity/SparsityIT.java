package io.espalier.model.sparsity;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerScope;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the rules for single weights are worth on the MLPs of the trained demo model. */
class SparsityIT {
    private static final Logger LOG = LoggerFactory.getLogger(SparsityIT.class);
    private static final List<String> RULES = List.of("dass", "wanda", "magnitude", SparseGptPass.NAME);

    /** One pattern alone, unless the whole table of docs/results.md is asked for. */
    private static final List<String> TARGETS =
            Boolean.getBoolean("results.full") ? List.of("2:4", "4:8", "unstructured") : List.of("2:4");

    @TempDir
    static Path folder;

    private static Checkpoint dense;
    private static LayerScope all;
    private static InputStatistics statistics;
    private static int[][] calibration;
    private static int[][] evaluation;

    @BeforeAll
    static void measureTheDenseModel() {
        dense = DemoModel.open();
        all = LayerScope.parse("all", dense.config().layers().size());
        calibration = DemoModel.calibration(dense, 64, 128);
        evaluation = DemoModel.evaluation(dense, 200, 128);
        statistics = InputStatistics.collect(dense, calibration, all, Progress.SILENT);
    }

    @AfterAll
    static void closeTheDenseModel() {
        dense.close();
    }

    @Test
    void dassBeatsWandaWhichBeatsMagnitudeAndUpdatedWeightsBeatThemAll() {
        Map<String, Map<String, Double>> table = new LinkedHashMap<>();
        for (String target : TARGETS) {
            // When
            Map<String, Double> perplexities = new LinkedHashMap<>();
            RULES.forEach(rule -> perplexities.put(rule, perplexity(rule, target)));

            // Then
            table.put(target, perplexities);
            assertThat(perplexities.get("wanda")).isLessThan(perplexities.get("magnitude"));
            assertThat(perplexities.get("dass")).isLessThan(perplexities.get("wanda"));
            assertThat(perplexities.get(SparseGptPass.NAME)).isLessThan(perplexities.get("dass"));
        }
        LOG.info("{}", markdown(table));
    }

    private static double perplexity(String rule, String target) {
        SparsityPattern pattern = SparsityPattern.parse(target, 0.5);
        Path out = folder.resolve(rule + target.replace(':', '-'));
        if (rule.equals(SparseGptPass.NAME)) {
            SparseGptPass pass =
                    new SparseGptPass(dense, calibration, pattern, LinearChoice.MLP, all, MemoryBudget.DEFAULT);
            SparsePruning.write(dense, out, writer -> pass.run(writer, Progress.SILENT));
        } else {
            SparsePruning.write(dense, all, masks(rule, pattern, out), out);
        }
        return perplexity(out);
    }

    private static SparsePass.MaskSource masks(String rule, SparsityPattern pattern, Path out) {
        if (rule.equals("dass")) {
            Map<Integer, double[]> inputs = new HashMap<>();
            new DassPass(dense, calibration, pattern, all)
                    .run(
                            out.resolveSibling(out.getFileName() + "-position"),
                            (layer, masks, u) -> inputs.put(layer.index(), u),
                            Progress.SILENT);
            return (layer, weights) ->
                    DassPass.masks(layer, weights, inputs.get(layer.index()), pattern, LinearChoice.MLP);
        }
        return (layer, weights) -> MaskCriterion.named(rule)
                .masks(new LayerEvidence(layer, weights, 0).with(statistics), pattern, LinearChoice.MLP);
    }

    private static double perplexity(Path model) {
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            return Perplexity.of(checkpoint, evaluation, Progress.SILENT).value();
        }
    }

    private static String markdown(Map<String, Map<String, Double>> table) {
        StringBuilder text = new StringBuilder("perplexity, MLPs of every layer pruned; dense %.3f%n"
                .formatted(Perplexity.of(dense, evaluation, Progress.SILENT).value()));
        text.append("| target | ").append(String.join(" | ", RULES)).append(" |%n".formatted());
        text.append("| --- |").append(" --- |".repeat(RULES.size())).append("%n".formatted());
        table.forEach((target, perplexities) -> {
            text.append("| ").append(target.equals("unstructured") ? "50%" : target);
            perplexities.values().forEach(value -> text.append(" | %.3f".formatted(value)));
            text.append(" |%n".formatted());
        });
        return text.toString();
    }
}
