package io.espalier.benchmarks.shape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RandomCheckpointTest {
    @TempDir
    private Path cache;

    @Test
    void itIsAModelThatGuesses() throws IOException {
        // Given
        int[][] windows = RandomWindows.of(256, 8, 32);

        // When
        Path folder = RandomCheckpoint.in(cache, Shape.TINY, line -> {});

        // Then
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.bytes()).isBetween(Shape.TINY.bytes(), Shape.TINY.bytes() + 10_000);
            // Random logits of variance 1 raise the perplexity of a uniform prediction by the factor e^½.
            assertThat(Perplexity.of(checkpoint, windows, Progress.SILENT).value())
                    .isBetween(256.0, 256 * Math.exp(1));
        }
    }

    @Test
    void itIsWrittenOnce() throws IOException {
        // Given
        List<String> said = new ArrayList<>();
        Path first = RandomCheckpoint.in(cache, Shape.TINY, said::add);

        // When
        Path second = RandomCheckpoint.in(cache, Shape.TINY, said::add);

        // Then
        assertThat(second).isEqualTo(first);
        assertThat(said).hasSize(1);
    }

    @Test
    void missingSpaceIsToldBeforeAnythingIsWritten() {
        assertThatThrownBy(() -> DiskRoom.require(cache, Long.MAX_VALUE))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("--folder");
    }
}
