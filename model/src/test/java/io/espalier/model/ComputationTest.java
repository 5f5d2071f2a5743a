package io.espalier.model;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Distribution;
import io.espalier.model.importance.DrawLosses;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.ZerothOrder;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Passes in another type or within another budget give what the exact ones give, as closely as they can. */
class ComputationTest {
    private static final Computation HALF = new Computation(ComputeType.BF16, MemoryBudget.DEFAULT);
    private static final Computation TIGHT = new Computation(ComputeType.FP32, new MemoryBudget(64 << 20));
    private static final LayerScope ALL = new LayerScope(0, 3);
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(4, 24, 1);

    static Stream<Arguments> familiesInHalfPrecision() throws IOException {
        return GoldenCheckpoint.all().stream()
                .flatMap(family -> Stream.of(
                        Arguments.of(family, DType.BF16, ComputeType.BF16, 0.005),
                        Arguments.of(family, DType.F16, ComputeType.FP16, 0.001)));
    }

    @ParameterizedTest
    @MethodSource("familiesInHalfPrecision")
    void everyFamilysLossInHalfPrecisionIsTheExactOneWithinThatPrecision(
            Path family, DType stored, ComputeType type, double precision, @TempDir Path folder) {
        // Given
        Computation computation = new Computation(type, MemoryBudget.DEFAULT);
        GoldenCheckpoint.convert(family, stored, folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            double exact =
                    Math.log(Perplexity.of(checkpoint, WINDOWS, Progress.SILENT).value());

            // When
            double half = Math.log(Perplexity.of(checkpoint, WINDOWS, computation, Progress.SILENT)
                    .value());

            // Then
            assertThat(half).isCloseTo(exact, within(precision * exact)).isNotEqualTo(exact);
        }
    }

    @Test
    void weightsUsedWhereTheyLieGiveTheLossOfTheirCopies(@TempDir Path folder) {
        // Given
        DeepCheckpoint.write(folder, 2);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            double copied = Perplexity.of(checkpoint, WINDOWS, Progress.SILENT).value();

            // When
            double inPlace =
                    Perplexity.of(checkpoint, WINDOWS, HALF, Progress.SILENT).value();

            // Then
            assertThat(Math.log(inPlace)).isCloseTo(Math.log(copied), within(0.005 * Math.log(copied)));
        }
    }

    @Test
    void statisticsInHalfPrecisionAreTheExactOnesWithinThatPrecision(@TempDir Path folder) {
        // Given
        GoldenCheckpoint.convert(GoldenCheckpoint.LLAMA_GQA, DType.BF16, folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            InputStatistics exact = InputStatistics.collect(checkpoint, WINDOWS, ALL, Progress.SILENT);

            // When
            InputStatistics half = InputStatistics.collect(checkpoint, WINDOWS, ALL, HALF, Progress.SILENT);

            // Then
            exact.byModule().forEach((module, moments) -> {
                double[] expected = moments.norms();
                double[] actual = half.byModule().get(module).norms();
                for (int i = 0; i < expected.length; i++) {
                    assertThat(actual[i]).as(module).isCloseTo(expected[i], within(0.03 * expected[i] + 0.01));
                }
            });
        }
    }

    static List<Path> families() throws IOException {
        return GoldenCheckpoint.all();
    }

    @ParameterizedTest
    @MethodSource("families")
    void gradientsInHalfPrecisionPointWhereTheExactOnesDo(
            Path family, @TempDir Path folder, @TempDir Path exact, @TempDir Path half) {
        // Given
        GoldenCheckpoint.convert(family, DType.BF16, folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            Map<String, float[]> expected = gradients(checkpoint, Computation.EXACT, exact);

            // When
            Map<String, float[]> actual = gradients(checkpoint, HALF, half);

            // Then
            expected.forEach((name, gradient) ->
                    assertThat(cosine(actual.get(name), gradient)).as(name).isGreaterThan(0.995));
        }
    }

    private static Map<String, float[]> gradients(Checkpoint checkpoint, Computation computation, Path position) {
        Map<String, float[]> found = new HashMap<>();
        new Backprop(checkpoint, WINDOWS, ALL, true, computation)
                .run(
                        position,
                        (layer, weights, gradients) -> {
                            try (Scope scope = Scope.open()) {
                                for (Linear linear : gradients.linears()) {
                                    found.put(
                                            linear.module(),
                                            gradients.gradient(linear, scope).floats());
                                }
                            }
                            return found;
                        },
                        (layer, attention, feedForward) -> {},
                        Progress.SILENT);
        return found;
    }

    private static double cosine(float[] a, float[] b) {
        return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    }

    private static double dot(float[] a, float[] b) {
        return IntStream.range(0, a.length)
                .mapToDouble(i -> (double) a[i] * b[i])
                .sum();
    }

    @ParameterizedTest
    @EnumSource
    void drawsThatDoNotFitTheBudgetTogetherGiveTheSameLosses(Distribution distribution) {
        // Given
        int[][] wide = GoldenCheckpoint.windows(48, 64, 1);
        int draws = 24;
        ZerothOrder zerothOrder = new ZerothOrder(3, 1e-3, distribution);
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            long together = new Footprint(ModelLayout.of(checkpoint), TIGHT).hidden(wide.length, 64) * 2 * draws;
            assertThat(together).isGreaterThan(TIGHT.budget().bytes() / 4);
            List<DrawLosses> roomy =
                    zerothOrder.losses(checkpoint, wide, 0, draws, ALL, Computation.EXACT, Progress.SILENT);

            // When
            List<DrawLosses> tight = zerothOrder.losses(checkpoint, wide, 0, draws, ALL, TIGHT, Progress.SILENT);

            // Then
            assertThat(tight).isEqualTo(roomy);
        }
    }

    /** @param factor by which one matrix, of numbers below 1, is larger than in the golden model */
    private static void enlarge(float factor, Path folder) {
        GoldenCheckpoint.change(
                GoldenCheckpoint.LLAMA,
                "model.layers.1.mlp.up_proj.weight",
                weights -> {
                    for (int i = 0; i < weights.limit(); i += Float.BYTES) {
                        weights.putFloat(i, factor * weights.getFloat(i));
                    }
                    return weights;
                },
                folder);
    }

    @Test
    void weightsThatOverflowAreRefusedNamingTheTypeThatHoldsThem(@TempDir Path folder) {
        // Given
        enlarge(1e6f, folder);
        Computation half = new Computation(ComputeType.FP16, MemoryBudget.DEFAULT);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            // When, then
            assertFails(
                            ErrorCode.INVALID_ARGUMENT,
                            () -> InputStatistics.collect(checkpoint, WINDOWS, ALL, half, Progress.SILENT))
                    .contains("compute type", "model.layers.1.mlp.up_proj.weight", "fp16", "fp32");
        }
    }

    @Test
    void activationsThatOverflowAreRefusedNamingTheTypeThatHoldsThem(@TempDir Path folder) {
        // Given
        enlarge(5e4f, folder);
        Computation half = new Computation(ComputeType.FP16, MemoryBudget.DEFAULT);
        ZerothOrder zerothOrder = new ZerothOrder(1, 1e-3);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            zerothOrder.losses(checkpoint, WINDOWS, 0, 1, ALL, Progress.SILENT);

            // When, then
            assertFails(
                            ErrorCode.INVALID_ARGUMENT,
                            () -> InputStatistics.collect(checkpoint, WINDOWS, ALL, half, Progress.SILENT))
                    .contains("compute type", "layers.1.", "fp16", "fp32");
            assertFails(
                            ErrorCode.INVALID_ARGUMENT,
                            () -> zerothOrder.losses(checkpoint, WINDOWS, 0, 1, ALL, half, Progress.SILENT))
                    .contains("compute type", "draw 0", "fp16", "fp32");
        }
    }
}
