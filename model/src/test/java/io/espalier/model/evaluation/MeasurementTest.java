package io.espalier.model.evaluation;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.DeepCheckpoint;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasurementTest {
    @Test
    void perplexityIsTheExponentialOfTheMeanOverEveryPrediction() {
        int[][] windows = GoldenCheckpoint.windows(6, 24, 9);
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            Perplexity perplexity = Perplexity.of(checkpoint, windows, Progress.SILENT);

            double logs = 0;
            for (int[] window : windows) {
                logs += Math.log(Perplexity.of(checkpoint, new int[][] {window}, Progress.SILENT)
                        .value());
            }
            assertThat(perplexity.value()).isCloseTo(Math.exp(logs / 6), within(1e-3));
            assertThat(perplexity.windows()).isEqualTo(6);
            assertThat(perplexity.predictions()).isEqualTo(6 * 23);
        }
    }

    @Test
    void perplexityOfNoTextIsRefused() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            assertFails(ErrorCode.INVALID_ARGUMENT, () -> Perplexity.of(checkpoint, new int[0][], Progress.SILENT))
                    .contains("evaluation text");
        }
    }

    @Test
    void modelsFitTogetherUntilTheirParametersTakeTheBudget(@TempDir Path folder) {
        // 23 million parameters of 4 bytes.
        DeepCheckpoint.write(folder, 2);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(Speed.fit(checkpoint, checkpoint, new MemoryBudget(200L << 20)))
                    .isTrue();
            assertThat(Speed.fit(checkpoint, checkpoint, new MemoryBudget(150L << 20)))
                    .isFalse();
        }
    }

    @Test
    void bothModelsOfAComparisonAreMeasured() {
        int[] prompt = GoldenCheckpoint.windows(1, 24, 2)[0];
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA);
                Checkpoint pruned = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA)) {
            Speed.Comparison comparison = Speed.compare(dense, pruned, prompt, 4, 2);

            assertThat(comparison.dense().prefill()).isPositive();
            assertThat(comparison.dense().decode()).isPositive();
            assertThat(comparison.pruned().prefill()).isPositive();
            assertThat(comparison.pruned().decode()).isPositive();
        }
    }
}
