package io.espalier.model.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.DemoScores;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.RemovalOrder;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a searched allocation is worth on the trained demo models. The table of docs/results.md is made with
 * {@code -Dresults.full=true}.
 */
class SearchIT {
    private static final double[] RATIOS = {0.2, 0.35, 0.5};
    private static final int GENERATIONS = 20;
    private static final int OFFSPRING = 16;
    private static final Path TABLE = Path.of("target", "search-results.md");

    @TempDir
    private Path folder;

    /** A demo model with its removal order and, per component, estimated and measured prices. */
    private final class Searched implements AutoCloseable {
        private final Checkpoint dense;
        private final int[][] calibration;
        private final int[][] evaluation;
        private final SearchWindows windows;
        private final Map<Integer, UnitScores> scores;
        private final SearchSpace space;
        private final PrunedTensors tensors;
        private final List<ComponentPrices> estimated;

        Searched(String model, int samples, int evaluated, long seed) {
            dense = DemoModel.open(model);
            calibration = DemoModel.calibration(dense, samples, 128);
            evaluation = DemoModel.evaluation(dense, evaluated, 128);
            windows = SearchWindows.of(calibration);
            Path work = folder.resolve(model + samples + "-" + seed);
            scores = DemoScores.byLayer(new DemoScores(dense, calibration, work.resolve("scores")).obs());
            LayerScope all = new LayerScope(0, dense.config().layers().size());
            space = new SearchSpace(dense, all, new UnitRounding(1), scores, MemoryBudget.DEFAULT);
            tensors = new PrunedTensors(dense, Compensation.LEAST_SQUARES_BLEND);
            estimated = new PriceEstimate(space, windows.searched(), seed).run(work.resolve("prices"), Progress.SILENT);
        }

        List<ComponentPrices> measured() {
            MeasuredPrices measuring = new MeasuredPrices(space, windows.searched());
            return estimated.stream()
                    .map(one -> measuring.of(one, Progress.SILENT))
                    .toList();
        }

        List<LayerShape> uniform(double ratio) {
            return new UniformAllocation(space.rounding())
                    .shapes(dense.config().layers(), space.scope(), scores)
                    .apply(ratio);
        }

        List<LayerShape> cheapest(List<ComponentPrices> prices, double ratio) {
            return CheapestShapes.of(dense.config().layers(), prices, uniform(ratio), tensors);
        }

        List<LayerShape> evolved(List<LayerShape> start, double ratio, long seed) {
            Divergence fitness = new Divergence(space, windows.searched(), Arrays.copyOf(windows.searched(), 32));
            Offspring offspring = new Offspring(estimated, uniform(ratio), tensors);
            List<LayerShape> parent = start;
            double least = fitness.of(List.of(start), Progress.SILENT)[0];
            for (int generation = 0; generation < GENERATIONS; generation++) {
                List<List<LayerShape>> children = offspring.of(parent, OFFSPRING, 1000 * seed + generation);
                double[] found = fitness.of(children, Progress.SILENT);
                for (int i = 0; i < found.length; i++) {
                    if (found[i] < least) {
                        least = found[i];
                        parent = children.get(i);
                    }
                }
            }
            return parent;
        }

        double[] judged(List<List<LayerShape>> candidates) {
            return new Divergence(space, windows.searched(), windows.judged()).of(candidates, Progress.SILENT);
        }

        double perplexity(List<LayerShape> left) {
            List<LayerShape> whole = dense.config().layers();
            List<RemovedUnits> removed = IntStream.range(0, whole.size())
                    .mapToObj(layer -> RemovalOrder.of(whole.get(layer), scores.get(layer))
                            .between(whole.get(layer), left.get(layer)))
                    .toList();
            Path out = folder.resolve("pruned");
            DemoModel.prune(dense, removed, calibration, Compensation.LEAST_SQUARES_BLEND, out);
            try (Checkpoint pruned = Checkpoint.open(out)) {
                return Perplexity.of(pruned, evaluation, Progress.SILENT).value();
            }
        }

        @Override
        public void close() {
            dense.close();
        }
    }

    @Test
    void atHalfTheUnitsTheCheapestLevelsLoseLessThanTheSameShareOfEveryLayer() {
        try (Searched searched = new Searched("llama", 64, 50, 1)) {
            // Given
            List<LayerShape> uniform = searched.uniform(0.5);

            // When
            List<LayerShape> cheapest = searched.cheapest(searched.estimated, 0.5);

            // Then
            assertThat(searched.tensors.parameters(cheapest)).isLessThanOrEqualTo(searched.tensors.parameters(uniform));
            double[] judged = searched.judged(List.of(uniform, cheapest));
            assertThat(judged[1]).isLessThan(judged[0]);
            assertThat(searched.perplexity(cheapest)).isLessThan(searched.perplexity(uniform));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "opt", "bloom"})
    @EnabledIfSystemProperty(named = "results.full", matches = "true")
    void everyAllocationAtEveryRatio(String model) throws IOException {
        StringBuilder table = new StringBuilder(Files.exists(TABLE) ? Files.readString(TABLE) : "");
        for (long seed : new long[] {1, 2, 3}) {
            try (Searched searched = new Searched(model, Integer.getInteger("results.samples", 64), 200, seed)) {
                List<ComponentPrices> measured = searched.measured();
                for (double ratio : RATIOS) {
                    Map<String, List<LayerShape>> candidates = new LinkedHashMap<>();
                    candidates.put("uniform", searched.uniform(ratio));
                    candidates.put("estimated", searched.cheapest(searched.estimated, ratio));
                    candidates.put("measured", searched.cheapest(measured, ratio));
                    if (Boolean.getBoolean("results.evolved")) {
                        candidates.put("evolved", searched.evolved(candidates.get("measured"), ratio, seed));
                    }

                    // When
                    double[] judged = searched.judged(new ArrayList<>(candidates.values()));

                    // Then
                    int place = 0;
                    for (Map.Entry<String, List<LayerShape>> candidate : candidates.entrySet()) {
                        table.append("| %s | %d | %.0f%% | %s | %.4f | %.4f | %.3f |%n"
                                .formatted(
                                        model,
                                        seed,
                                        100 * ratio,
                                        candidate.getKey(),
                                        CheapestShapes.predicted(candidate.getValue(), measured),
                                        judged[place++],
                                        searched.perplexity(candidate.getValue())));
                    }
                    Files.writeString(TABLE, table);
                }
            }
        }
    }
}
