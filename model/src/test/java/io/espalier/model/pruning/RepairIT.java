package io.espalier.model.pruning;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.transformer.LayerScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What least-squares repair is worth on a trained model that loses half of everything. */
class RepairIT {
    private static final double MOST_OF_UNREPAIRED = 0.85;

    @Test
    void halfPrunedModelIsRepairedByLeastSquares(@TempDir Path folder) throws IOException {
        // Given
        try (Checkpoint dense = DemoModel.open()) {
            int[][] calibration = DemoModel.calibration(dense, 64, 128);
            int[][] evaluation = DemoModel.evaluation(dense, 64, 128);
            List<RemovedUnits> removed = halfByWandaSp(dense, calibration);
            DemoModel.prune(dense, removed, calibration, Compensation.NONE, folder.resolve("none"));

            // When
            List<LayerRepair> repairs = DemoModel.prune(
                    dense, removed, calibration, Compensation.LEAST_SQUARES_OWN, folder.resolve("repaired"));

            // Then
            assertThat(repairs).hasSize(dense.config().layers().size()).allSatisfy(repair -> {
                assertThat(repair.attention().error())
                        .isLessThanOrEqualTo(repair.attention().errorNone());
                assertThat(repair.ffn().error())
                        .isLessThanOrEqualTo(repair.ffn().errorNone());
                assertThat(repair.attention().damping()).isEqualTo(1);
            });
            double unrepaired = perplexity(folder.resolve("none"), evaluation);
            double repaired = perplexity(folder.resolve("repaired"), evaluation);
            assertThat(repaired).isLessThanOrEqualTo(MOST_OF_UNREPAIRED * unrepaired);
        }
    }

    @Test
    void sameInputsGiveTheSameBytes(@TempDir Path folder) throws IOException {
        // Given
        try (Checkpoint dense = DemoModel.open()) {
            int[][] calibration = DemoModel.calibration(dense, 8, 128);
            List<RemovedUnits> removed = halfByWandaSp(dense, calibration);
            DemoModel.prune(dense, removed, calibration, Compensation.LEAST_SQUARES_BLEND, folder.resolve("once"));

            // When
            DemoModel.prune(dense, removed, calibration, Compensation.LEAST_SQUARES_BLEND, folder.resolve("twice"));

            // Then
            assertThat(Files.mismatch(
                            folder.resolve("once/model.safetensors"), folder.resolve("twice/model.safetensors")))
                    .isEqualTo(-1);
        }
    }

    private static List<RemovedUnits> halfByWandaSp(Checkpoint dense, int[][] calibration) {
        int layers = dense.config().layers().size();
        InputStatistics statistics =
                InputStatistics.collect(dense, calibration, LayerScope.parse("all", layers), Progress.SILENT);
        Criterion criterion = Criterion.named("wanda-sp", 1);
        List<UnitScores> scores = IntStream.range(0, layers)
                .mapToObj(layer -> LayerScorer.score(dense, layer, List.of(criterion), 0, statistics, null)
                        .get(criterion.name()))
                .toList();
        return new UniformAllocation(new UnitRounding(32))
                .select(
                        new Budget.UnitRatio(0.5),
                        dense.config().layers(),
                        LayerScope.parse("all", layers),
                        DemoScores.byLayer(scores),
                        new PrunedTensors(dense, Compensation.NONE));
    }

    private static double perplexity(Path folder, int[][] windows) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return Perplexity.of(checkpoint, windows, Progress.SILENT).value();
        }
    }
}
