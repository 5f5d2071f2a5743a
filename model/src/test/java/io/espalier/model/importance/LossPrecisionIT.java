package io.espalier.model.importance;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerScope;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What losses in bf16 leave of a draw's slope; prints the figures of {@code benchmarks/RESULTS.md}. */
class LossPrecisionIT {
    private static final int DRAWS = 16;

    @ParameterizedTest
    @EnumSource(Distribution.class)
    void slopesInHalfPrecisionAreDegradedButNoNoise(Distribution distribution) {
        try (Checkpoint demo = DemoModel.open()) {
            int[][] windows = DemoModel.calibration(demo, 8, 128);
            double[] exact = slopes(demo, windows, distribution, ComputeType.FP32);

            // When
            double[] half = slopes(demo, windows, distribution, ComputeType.BF16);

            // Then
            double products = 0;
            double squares = 0;
            double halfSquares = 0;
            double difference = 0;
            for (int t = 0; t < DRAWS; t++) {
                products += exact[t] * half[t];
                squares += exact[t] * exact[t];
                halfSquares += half[t] * half[t];
                difference += Math.pow(exact[t] - half[t], 2);
            }
            double cosine = products / Math.sqrt(squares * halfSquares);
            System.out.printf(
                    "%s: cosine %.2f, rms of the difference %.2f of c%n",
                    distribution.spelled(), cosine, Math.sqrt(difference / squares));
            assertThat(cosine).isBetween(0.6, 0.9999);
        }
    }

    private static double[] slopes(
            Checkpoint checkpoint, int[][] windows, Distribution distribution, ComputeType type) {
        ZerothOrder zerothOrder = new ZerothOrder(1, 1e-3, distribution);
        LayerScope all = new LayerScope(0, checkpoint.config().layers().size());
        Computation computation = new Computation(type, MemoryBudget.DEFAULT);
        return zerothOrder.losses(checkpoint, windows, 0, DRAWS, all, computation, Progress.SILENT).stream()
                .mapToDouble(draw -> draw.slope(1e-3))
                .toArray();
    }
}
