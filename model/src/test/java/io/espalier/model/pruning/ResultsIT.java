package io.espalier.model.pruning;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.evaluation.SlicedPerplexity;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.tensor.MemoryBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What selections and repairs are worth on the trained demo model that loses units in every layer. The whole table of
 * docs/results.md is made with {@code -Dresults.full=true}.
 */
class ResultsIT {
    private static final double MOST_OF_FLAP = 0.80;
    private static final double[] RATIOS = {0.2, 0.35, 0.5};
    private static final long[] SEEDS = {1, 2, 3};
    private static final List<String> TAYLOR = List.of("vectorize", "vectorize-unit", "first", "second", "mix");
    private static final Criterion FMS = Criterion.named("fms", 1);
    private static final Path TABLE = Path.of("target", "results.md");

    @TempDir
    private static Path folder;

    private static Checkpoint dense;
    private static int[][] calibration;
    private static int[][] evaluation;
    private static DemoScores scores;

    /** One row of the table, or several where random enters: scores of every layer at a ratio, by seed. */
    private record Selection(
            String name, String allocation, boolean standardized, List<DoubleFunction<List<UnitScores>>> bySeed) {
        static Selection of(String name, List<UnitScores> scores) {
            return new Selection(name, "uniform", false, List.of(ratio -> scores));
        }

        static Selection seeded(String name, LongFunction<List<UnitScores>> scoring) {
            return new Selection(
                    name,
                    "uniform",
                    false,
                    LongStream.of(SEEDS)
                            .mapToObj(scoring)
                            .<DoubleFunction<List<UnitScores>>>map(scores -> ratio -> scores)
                            .toList());
        }

        Selection global(boolean comparable) {
            return new Selection(name, "global", comparable, bySeed);
        }

        double[] perplexities(double ratio, Compensation compensation) {
            return bySeed.stream()
                    .mapToDouble(found -> perplexity(
                            scores.removed(found.apply(ratio), allocation, standardized, ratio, compensation),
                            compensation))
                    .toArray();
        }

        double perplexity(double ratio, Compensation compensation) {
            return perplexities(ratio, compensation)[0];
        }

        private static double perplexity(List<RemovedUnits> removed, Compensation compensation) {
            if (compensation == Compensation.NONE) {
                return SlicedPerplexity.of(dense, removed, evaluation, MemoryBudget.DEFAULT, Progress.SILENT)
                        .value();
            }
            Path out = folder.resolve("pruned");
            DemoModel.prune(dense, removed, calibration, compensation, out);
            try (Checkpoint pruned = Checkpoint.open(out)) {
                return Perplexity.of(pruned, evaluation, Progress.SILENT).value();
            }
        }
    }

    @BeforeAll
    static void openTheDenseModel() {
        dense = DemoModel.open();
        calibration = DemoModel.calibration(dense, 64, 128);
        evaluation = DemoModel.evaluation(dense, 200, 128);
        scores = new DemoScores(dense, calibration, folder.resolve("positions"));
    }

    @AfterAll
    static void closeTheDenseModel() {
        dense.close();
    }

    private static Selection forward(String name) {
        return Selection.of(name, scores.forward(Criterion.named(name, 1), 0));
    }

    @Test
    void leastSquaresTowardsTheDenseModelBeatsFlapAndTheGreedyOrderBeatsBothAtHalfTheUnits() {
        // Given
        double flap = forward("flap").global(true).perplexity(0.5, Compensation.BIAS);

        // When
        double wandaSp = forward("wanda-sp").perplexity(0.5, Compensation.LEAST_SQUARES_BLEND);
        double obs = Selection.of("obs", scores.obs()).perplexity(0.5, Compensation.LEAST_SQUARES_BLEND);

        // Then
        assertThat(wandaSp).isLessThanOrEqualTo(MOST_OF_FLAP * flap);
        assertThat(obs).isLessThanOrEqualTo(wandaSp);
    }

    @Test
    void biasIsWorthMoreThanNothingAndLeastSquaresMoreThanBias() {
        for (Selection selection : List.of(forward("wanda-sp"), forward("flap"))) {
            // When
            List<Double> perplexities = Arrays.stream(Compensation.values())
                    .map(compensation -> selection.perplexity(0.5, compensation))
                    .toList();

            // Then
            assertThat(perplexities.get(1)).as("bias against none").isLessThan(perplexities.get(0));
            assertThat(perplexities.get(2)).as("own against bias").isLessThan(perplexities.get(1));
            assertThat(perplexities.get(3)).as("blend against bias").isLessThan(perplexities.get(1));
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "results.full", matches = "true")
    void everyCriterionAtEveryRatioWithEveryRepair() throws IOException {
        StringBuilder table = new StringBuilder("| selection | units removed | none | bias | own | blend |\n");
        table.append("| --- | --- | --- | --- | --- | --- |\n");
        Map<String, Double> repaired = new LinkedHashMap<>();
        for (Selection selection : everySelection()) {
            for (double ratio : RATIOS) {
                // When
                List<double[]> row = Arrays.stream(Compensation.values())
                        .map(compensation -> selection.perplexities(ratio, compensation))
                        .toList();

                // Then
                assertThat(mean(row.get(3))).as(selection.name).isLessThan(mean(row.get(0)));
                repaired.put(selection.name + selection.allocation + ratio, mean(row.get(3)));
                table.append("| %s | %.0f%% | %s |\n"
                        .formatted(
                                selection.allocation.equals("global") ? selection.name + ", global" : selection.name,
                                100 * ratio,
                                row.stream().map(ResultsIT::cell).collect(Collectors.joining(" | "))));
                Files.writeString(TABLE, table);
            }
        }
        for (double ratio : RATIOS) {
            assertThat(repaired.get("obsuniform" + ratio)).isLessThan(repaired.get("randomuniform" + ratio));
        }
    }

    private static List<Selection> everySelection() {
        List<Selection> all = new ArrayList<>();
        Map<String, Criterion> exact = new LinkedHashMap<>();
        TAYLOR.forEach(form -> exact.put("taylor " + form, DemoScores.taylor(form)));
        exact.put("fms, backprop", FMS);
        exact.put("gblm", Criterion.named("gblm", 1));
        exact.put("blend", Criterion.named("blend", 1));
        all.add(seeded("random", Criterion.named("random", 1)));
        for (int p : new int[] {1, 2}) {
            all.add(Selection.of("magnitude p " + p, scores.forward(Criterion.named("magnitude", p), 0)));
        }
        all.add(forward("wanda"));
        all.add(forward("wanda-sp"));
        all.add(new Selection("wanda-sp, sequential", "uniform", false, List.of(scores::sequentialWandaSp)));
        all.add(forward("flap"));
        all.add(forward("flap").global(true));
        all.add(Selection.seeded("fms, zeroth-order", seed -> scores.zerothOrder(FMS, seed)));
        Criterion none = FMS.controls().get(0);
        all.add(Selection.of(none.name(), scores.forward(none, 0)));
        Criterion noise = FMS.controls().get(1);
        all.add(seeded(noise.name(), noise));
        scores.backprop(exact).forEach((name, found) -> all.add(Selection.of(name, found)));
        all.add(Selection.of("obs", scores.obs()));
        return all;
    }

    private static Selection seeded(String name, Criterion criterion) {
        return Selection.seeded(name, seed -> scores.forward(criterion, seed));
    }

    /** Mean, and half the range where there are several. */
    private static String cell(double[] perplexities) {
        double halfRange = (Arrays.stream(perplexities).max().orElseThrow()
                        - Arrays.stream(perplexities).min().orElseThrow())
                / 2;
        return perplexities.length == 1
                ? String.format(Locale.ROOT, "%.2f", perplexities[0])
                : String.format(Locale.ROOT, "%.2f ± %.2f", mean(perplexities), halfRange);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }
}
