package io.espalier.model.evaluation;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.tensor.MemoryBudget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SlicedPerplexityTest {
    /** 1e-5 of the value. */
    private static final double TOLERANCE_PERCENT = 1e-3;

    static List<Path> families() throws IOException {
        return GoldenCheckpoint.all();
    }

    @ParameterizedTest
    @MethodSource("families")
    void equalsThePerplexityOfTheCheckpointThatLostTheUnits(Path family, @TempDir Path folder) {
        try (Checkpoint dense = Checkpoint.open(family)) {
            RemovedUnits some = new RemovedUnits(new int[] {1}, new int[] {0, 3, 4, 7, 20});
            List<RemovedUnits> removed = List.of(some, RemovedUnits.NONE, some);

            assertMeasuresTheCheckpoint(dense, removed, GoldenCheckpoint.windows(6, 24, 3), folder);
        }
    }

    @Test
    void equalsThePerplexityOfTheDemoModelThatLostHalfItsUnits(@TempDir Path folder) {
        try (Checkpoint dense = DemoModel.open()) {
            var shape = dense.config().layers().get(0);
            RemovedUnits half = new RemovedUnits(even(shape.attentionUnits()), even(shape.ffnChannels()));
            List<RemovedUnits> removed =
                    Collections.nCopies(dense.config().layers().size(), half);

            assertMeasuresTheCheckpoint(dense, removed, DemoModel.evaluation(dense, 16, 128), folder);
        }
    }

    private static int[] even(int units) {
        return IntStream.range(0, units / 2).map(i -> 2 * i).toArray();
    }

    private static void assertMeasuresTheCheckpoint(
            Checkpoint dense, List<RemovedUnits> removed, int[][] windows, Path folder) {
        // Given
        DemoModel.prune(dense, removed, windows, Compensation.NONE, folder);
        Perplexity expected;
        try (Checkpoint pruned = Checkpoint.open(folder)) {
            expected = Perplexity.of(pruned, windows, Progress.SILENT);
        }

        // When
        Perplexity masked = SlicedPerplexity.of(dense, removed, windows, MemoryBudget.DEFAULT, Progress.SILENT);

        // Then
        assertThat(masked.value()).isCloseTo(expected.value(), withinPercentage(TOLERANCE_PERCENT));
        assertThat(masked.predictions()).isEqualTo(expected.predictions());
        assertThat(masked.value())
                .isNotEqualTo(Perplexity.of(dense, windows, Progress.SILENT).value());
    }

    @Test
    void unitsThatDoNotExistAreRefused() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            RemovedUnits beyond = new RemovedUnits(new int[0], new int[] {80});

            assertFails(
                            ErrorCode.INVALID_ARGUMENT,
                            () -> SlicedPerplexity.of(
                                    dense,
                                    List.of(RemovedUnits.NONE, beyond, RemovedUnits.NONE),
                                    GoldenCheckpoint.windows(1, 24, 3),
                                    MemoryBudget.DEFAULT,
                                    Progress.SILENT))
                    .contains("layer 1", "FFN channels");
        }
    }
}
