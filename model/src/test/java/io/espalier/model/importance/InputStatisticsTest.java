package io.espalier.model.importance;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.LayerScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class InputStatisticsTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(8, 16, 3);
    private static final LayerScope ALL = new LayerScope(0, 3);

    /** Of seven linear layers each, and of the cosine between both sides of a layer. */
    @Test
    void partsOfTheWindowsAddUpToTheWhole() {
        InputStatistics whole = collect(WINDOWS, ALL, Progress.SILENT);
        List<InputStatistics> parts = List.of(
                collect(Arrays.copyOfRange(WINDOWS, 0, 3), ALL, Progress.SILENT),
                collect(Arrays.copyOfRange(WINDOWS, 3, 8), ALL, Progress.SILENT));

        InputStatistics merged = InputStatistics.merged(parts);

        assertThat(merged.byModule().keySet())
                .isEqualTo(whole.byModule().keySet())
                .hasSize(21 + 3);
        whole.byModule().forEach((module, moments) -> {
            FeatureMoments sum = merged.byModule().get(module);
            assertThat(sum).isNotNull();
            assertThat(sum.tokens()).isEqualTo(8 * 16);
            assertThat(sum.squares()).containsExactly(moments.squares(), within(1e-3));
        });
    }

    @Test
    void fileKeepsEveryBit() {
        InputStatistics statistics = collect(WINDOWS, new LayerScope(1, 2), Progress.SILENT);

        InputStatistics read = InputStatistics.fromBytes(statistics.toBytes());

        assertThat(read).isEqualTo(statistics);
        assertThat(statistics.byModule().keySet()).hasSize(7 + 1).allMatch(name -> name.contains("layers.1."));
        assertThat(read.toBytes()).isEqualTo(statistics.toBytes());
    }

    @Test
    void damagedFileIsRefused() {
        byte[] cut = Arrays.copyOf(collect(WINDOWS, ALL, Progress.SILENT).toBytes(), 5000);

        assertFails(ErrorCode.INTERNAL, () -> InputStatistics.fromBytes(cut)).contains("damaged");
    }

    @Test
    void progressCountsLayersAndTokensAndMayStopTheWork() {
        List<String> heard = new ArrayList<>();
        Progress progress = (unit, done, total, tokens) -> {
            heard.add("%s %d/%d %d".formatted(unit, done, total, tokens));
            if (done == 2) {
                throw new EspalierException(ErrorCode.CANCELLED, "enough");
            }
        };

        assertFails(ErrorCode.CANCELLED, () -> collect(WINDOWS, ALL, progress)).isEqualTo("enough");

        assertThat(heard).containsExactly("layers 1/3 128", "layers 2/3 256");
    }

    private static InputStatistics collect(int[][] windows, LayerScope scope, Progress progress) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            return InputStatistics.collect(checkpoint, windows, scope, progress);
        }
    }
}
