package io.espalier.model.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PriceEstimateTest {
    private static final long SEED = 11;

    /** A loss that is divided by so small a step still has three digits in fp32 weights. */
    private static final double STEP = 0.05;

    @TempDir
    private Path folder;

    /**
     * In windows of two tokens only the first one's output has a loss, so the derivative of a window's loss along the change
     * of a weight is that token's g·Δ. Central differences give it without any gradient of ours. (Not for OPT, whose
     * ReLU has kinks within a step.)
     */
    @ParameterizedTest
    @ValueSource(strings = {"llama-gqa", "gemma2", "gpt-neox", "bloom", "phi3"})
    void aPriceIsHalfTheMeanSquareOfTheLossDerivativeAlongTheChange(String family) {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.of(family))) {
            // Given
            SearchSpace space = Spaces.random(dense);
            int[][] windows = GoldenCheckpoint.windows(20, 2, 5);
            PlainModel plain = new PlainModel(dense, windows);
            int[] labels = labels(plain.logProbabilities(Map.of()));

            // When
            List<ComponentPrices> prices = new PriceEstimate(space, windows, SEED).run(folder, Progress.SILENT);

            // Then
            for (LayerLayout layer : ModelLayout.of(dense).layers()) {
                for (Component component : space.components(layer)) {
                    ComponentPrices found = prices.stream()
                            .filter(one -> one.layer() == layer.index() && one.half() == component.half())
                            .findFirst()
                            .orElseThrow();
                    int level = found.kept().length / 2;
                    int[] removed = Arrays.copyOf(component.columns(), component.lostColumns(found.kept()[level]));
                    double expected = price(plain, component.outputProjection(), removed, labels);
                    assertThat(found.prices()[level])
                            .as("layer %d %s", layer.index(), component.half())
                            .isCloseTo(expected, within(1e-9 + 0.02 * expected));
                }
            }
        }
    }

    private static double price(PlainModel plain, Linear linear, int[] removed, int[] labels) {
        double[][] dense = plain.weight(linear);
        double[][] repaired = plain.repaired(linear, removed);
        double[] rough = derivatives(plain, linear, dense, repaired, labels, STEP);
        double[] fine = derivatives(plain, linear, dense, repaired, labels, STEP / 2);
        double sum = 0;
        for (int window = 0; window < labels.length; window++) {
            // Richardson's extrapolation removes the error that is quadratic in the step.
            double derivative = (4 * fine[window] - rough[window]) / 3;
            sum += derivative * derivative;
        }
        return sum / labels.length / 2;
    }

    /** Of each window's loss along the change from one weight to the other. */
    private static double[] derivatives(
            PlainModel plain, Linear linear, double[][] from, double[][] to, int[] labels, double step) {
        double[][] above = plain.logProbabilities(Map.of(linear.weight().name(), between(from, to, step)));
        double[][] below = plain.logProbabilities(Map.of(linear.weight().name(), between(from, to, -step)));
        return IntStream.range(0, labels.length)
                .mapToDouble(window -> (below[window][labels[window]] - above[window][labels[window]]) / (2 * step))
                .toArray();
    }

    private static double[][] between(double[][] from, double[][] to, double share) {
        double[][] between = new double[from.length][from[0].length];
        for (int i = 0; i < from.length; i++) {
            for (int j = 0; j < from[i].length; j++) {
                between[i][j] = from[i][j] + share * (to[i][j] - from[i][j]);
            }
        }
        return between;
    }

    /** The labels that the seed draws: where the cumulative probability exceeds a uniform number. */
    private static int[] labels(double[][] logProbabilities) {
        double[] uniform =
                new SplittableRandom(SEED).doubles(logProbabilities.length).toArray();
        int[] labels = new int[uniform.length];
        for (int i = 0; i < labels.length; i++) {
            double cumulative = 0;
            while (labels[i] < logProbabilities[i].length - 1) {
                cumulative += Math.exp(logProbabilities[i][labels[i]]);
                if (cumulative > uniform[i]) {
                    break;
                }
                labels[i]++;
            }
        }
        return labels;
    }

    @ParameterizedTest
    @ValueSource(longs = {2, 4, 5})
    void aSuccessorContinuesWhereTheWorkWasCutOff(long reports) {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA)) {
            PriceEstimate estimate = new PriceEstimate(Spaces.random(dense), GoldenCheckpoint.windows(6, 12, 5), SEED);
            List<ComponentPrices> uncut = estimate.run(folder.resolve("uncut"), Progress.SILENT);
            assertThatThrownBy(() -> estimate.run(folder.resolve("cut"), stopAfter(reports)))
                    .isInstanceOf(EspalierException.class);

            // When
            List<ComponentPrices> continued = estimate.run(folder.resolve("cut"), Progress.SILENT);

            // Then
            assertThat(continued).usingRecursiveComparison().isEqualTo(uncut);
        }
    }

    private static Progress stopAfter(long reports) {
        return new Progress() {
            private long left = reports;

            @Override
            public void advanced(String unit, long done, long total, long tokens) {
                if (--left == 0) {
                    throw new EspalierException(ErrorCode.CANCELLED, "cut off");
                }
            }
        };
    }
}
