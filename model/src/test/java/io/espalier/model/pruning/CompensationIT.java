package io.espalier.model.pruning;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.DemoModel;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What selections and repairs are worth on the trained demo model that loses units in every layer. */
class CompensationIT {
    private static final Logger LOG = LoggerFactory.getLogger(CompensationIT.class);
    private static final double MOST_OF_FLAP = 0.80;

    /** The half alone, unless the whole table of docs/results.md is asked for. */
    private static final double[] RATIOS =
            Boolean.getBoolean("results.full") ? new double[] {0.2, 0.35, 0.5} : new double[] {0.5};

    @TempDir
    static Path folder;

    private static final Map<String, List<UnitScores>> SCORES = new HashMap<>();
    private static Checkpoint dense;
    private static int[][] calibration;
    private static int[][] evaluation;

    @BeforeAll
    static void scoreTheDenseModel() {
        dense = DemoModel.open();
        calibration = DemoModel.calibration(dense, 64, 128);
        evaluation = DemoModel.evaluation(dense, 200, 128);
        InputStatistics statistics = InputStatistics.collect(dense, calibration, all(), Progress.SILENT);
        for (String name : List.of("wanda-sp", "flap")) {
            Criterion criterion = Criterion.named(name, 1);
            SCORES.put(
                    name,
                    IntStream.range(0, all().last())
                            .mapToObj(layer -> LayerScorer.score(dense, layer, List.of(criterion), 0, statistics, null)
                                    .get(name))
                            .toList());
        }
    }

    @AfterAll
    static void closeTheDenseModel() {
        dense.close();
    }

    @Test
    void leastSquaresTowardsTheDenseModelBeatsFlapAtHalfTheUnits() {
        // Given
        double flap = perplexity("flap", "global", 0.5, Compensation.BIAS);

        // When
        double repaired = perplexity("wanda-sp", "uniform", 0.5, Compensation.LEAST_SQUARES_BLEND);

        // Then
        assertThat(repaired).isLessThanOrEqualTo(MOST_OF_FLAP * flap);
    }

    @Test
    void biasIsWorthMoreThanNothingAndLeastSquaresMoreThanBias() {
        StringBuilder table = new StringBuilder();
        for (String[] selection : new String[][] {{"wanda-sp", "uniform"}, {"flap", "uniform"}, {"flap", "global"}}) {
            for (double ratio : RATIOS) {
                // When
                double[] perplexities = IntStream.range(0, Compensation.values().length)
                        .mapToDouble(i -> perplexity(selection[0], selection[1], ratio, Compensation.values()[i]))
                        .toArray();

                // Then
                table.append("%n%-9s %-8s %.2f".formatted(selection[0], selection[1], ratio));
                for (double perplexity : perplexities) {
                    table.append(" %9.3f".formatted(perplexity));
                }
                assertThat(perplexities[1]).as("bias against none").isLessThan(perplexities[0]);
                assertThat(perplexities[2]).as("own against bias").isLessThan(perplexities[1]);
                assertThat(perplexities[3]).as("blend against bias").isLessThan(perplexities[1]);
            }
        }
        LOG.info("perplexity with none, bias, least-squares own, blend:{}", table);
    }

    private static double perplexity(String criterion, String allocation, double ratio, Compensation compensation) {
        Allocation spread = Allocation.named(
                allocation,
                new FfnRounding(1),
                ModelLayout.of(dense),
                Criterion.named(criterion, 1).standardized());
        List<RemovedUnits> removed = spread.select(
                new Budget.UnitRatio(ratio),
                dense.config().layers(),
                all(),
                SCORES.getOrDefault(criterion, List.of()),
                new PrunedTensors(dense, compensation));
        Path out = folder.resolve("%s-%s-%s-%s".formatted(criterion, allocation, ratio, compensation));
        DemoModel.prune(dense, removed, calibration, compensation, out);
        try (Checkpoint pruned = Checkpoint.open(out)) {
            return Perplexity.of(pruned, evaluation, Progress.SILENT).value();
        }
    }

    private static LayerScope all() {
        return LayerScope.parse("all", dense.config().layers().size());
    }
}
