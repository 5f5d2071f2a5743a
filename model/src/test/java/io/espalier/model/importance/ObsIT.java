package io.espalier.model.importance;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.DemoModel;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.FfnRounding;
import io.espalier.model.pruning.LayerScope;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.pruning.UnitScores;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the greedy order is worth on the trained demo model. */
class ObsIT {
    @TempDir
    private Path folder;

    @Test
    void halfGoneInGreedyOrderAndRepairedIsNoWorseThanByWandaSp() {
        // Given
        try (Checkpoint dense = DemoModel.open()) {
            int[][] calibration = DemoModel.calibration(dense, 64, 128);
            double byWandaSp = perplexity(dense, calibration, wandaSp(dense, calibration), "wanda-sp");

            // When
            double byObs = perplexity(dense, calibration, obs(dense, calibration), "obs");

            // Then
            assertThat(byObs).isLessThanOrEqualTo(byWandaSp);
        }
    }

    private static Map<Integer, UnitScores> wandaSp(Checkpoint dense, int[][] calibration) {
        Criterion criterion = Criterion.named("wanda-sp", 1);
        InputStatistics statistics = InputStatistics.collect(dense, calibration, all(dense), Progress.SILENT);
        Map<Integer, UnitScores> scores = new TreeMap<>();
        for (int layer = 0; layer < all(dense).last(); layer++) {
            scores.put(
                    layer,
                    LayerScorer.score(dense, layer, List.of(criterion), 0, statistics, null)
                            .get("wanda-sp"));
        }
        return scores;
    }

    private Map<Integer, UnitScores> obs(Checkpoint dense, int[][] calibration) {
        Criterion criterion = Criterion.named("obs", 1);
        Map<Integer, UnitScores> scores = new TreeMap<>();
        new HessianPass(dense, calibration, all(dense))
                .run(
                        folder.resolve("position"),
                        (layer, weights, hessians) -> scores.put(
                                layer.index(),
                                LayerScorer.score(
                                                List.of(criterion), new LayerEvidence(layer, weights, 0).with(hessians))
                                        .get("obs")),
                        Progress.SILENT);
        return scores;
    }

    private static LayerScope all(Checkpoint dense) {
        return new LayerScope(0, dense.config().layers().size());
    }

    private double perplexity(Checkpoint dense, int[][] calibration, Map<Integer, UnitScores> scores, String name) {
        List<RemovedUnits> removed = new UniformAllocation(new FfnRounding(32))
                .select(
                        new Budget.UnitRatio(0.5),
                        dense.config().layers(),
                        all(dense),
                        List.copyOf(scores.values()),
                        new PrunedTensors(dense, Compensation.LEAST_SQUARES_BLEND));
        DemoModel.prune(dense, removed, calibration, Compensation.LEAST_SQUARES_BLEND, folder.resolve(name));
        try (Checkpoint pruned = Checkpoint.open(folder.resolve(name))) {
            return Perplexity.of(pruned, DemoModel.evaluation(dense, 64, 128), Progress.SILENT)
                    .value();
        }
    }
}
