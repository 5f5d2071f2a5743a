package io.espalier.model.importance;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.file.Digests;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ZerothOrderTest {
    private static final double EPSILON = 1e-3;
    private static final LayerScope ALL = new LayerScope(0, 3);
    private static final LayerScope MIDDLE = new LayerScope(1, 2);
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(4, 24, 1);

    @Test
    void drawsAreTheSameWhoeverTakesThemAndLeaveTheWeightsAlone() throws IOException {
        // Given
        ZerothOrder zerothOrder = new ZerothOrder(7, EPSILON);
        String before = Digests.sha256(GoldenCheckpoint.LLAMA.resolve("model.safetensors"));
        List<DrawLosses> together = losses(zerothOrder, 0, 5, ALL);

        // When
        List<DrawLosses> apart = new ArrayList<>(losses(zerothOrder, 3, 5, ALL));
        apart.addAll(0, losses(zerothOrder, 0, 3, ALL));

        // Then
        assertThat(apart).isEqualTo(together);
        assertThat(together)
                .doesNotHaveDuplicates()
                .extracting(DrawLosses::draw)
                .containsExactly(0, 1, 2, 3, 4);
        assertThat(Digests.sha256(GoldenCheckpoint.LLAMA.resolve("model.safetensors")))
                .isEqualTo(before);
    }

    static Stream<Arguments> familiesAndDistributions() throws IOException {
        return GoldenCheckpoint.all().stream().flatMap(family -> Stream.of(Distribution.GAUSSIAN, Distribution.RANK_ONE)
                .map(distribution -> Arguments.of(family, distribution)));
    }

    @ParameterizedTest
    @MethodSource("familiesAndDistributions")
    void lossesAreThoseOfTheModelWhoseWeightsWereMovedByTheRebuiltPerturbation(Path family, Distribution distribution) {
        // Given
        ZerothOrder zerothOrder = new ZerothOrder(11, EPSILON, distribution);
        // With slope 1 the gradient of a single draw is z itself.
        GradientSource z = zerothOrder.gradient(List.of(new DrawLosses(2, EPSILON, -EPSILON)));

        // When
        DrawLosses losses = losses(family, zerothOrder, 2, 3, MIDDLE).get(0);

        // Then
        assertThat(losses.plus()).isCloseTo(lossMovedBy(family, z, EPSILON), within(1e-6));
        assertThat(losses.minus()).isCloseTo(lossMovedBy(family, z, -EPSILON), within(1e-6));
        assertThat(losses.plus()).isNotEqualTo(losses.minus());
    }

    @Test
    void estimateIsTheMeanOfSlopeTimesPerturbation() {
        // Given
        ZerothOrder zerothOrder = new ZerothOrder(3, EPSILON);
        List<DrawLosses> draws = List.of(new DrawLosses(0, 2.5, 2), new DrawLosses(1, 1, 2));

        // When
        float[] estimate = gradient(zerothOrder.gradient(draws));

        // Then
        float[] z0 = gradient(zerothOrder.gradient(List.of(new DrawLosses(0, EPSILON, -EPSILON))));
        float[] z1 = gradient(zerothOrder.gradient(List.of(new DrawLosses(1, EPSILON, -EPSILON))));
        for (int i = 0; i < estimate.length; i++) {
            double expected = (250.0 * z0[i] - 500.0 * z1[i]) / 2;
            assertThat((double) estimate[i]).isCloseTo(expected, within(1e-3));
        }
    }

    @Test
    void perturbationIsStandardNormalAndDiffersFromDrawToDraw() {
        // Given
        ZerothOrder zerothOrder = new ZerothOrder(3, EPSILON);

        // When
        float[] z = gradient(zerothOrder.gradient(List.of(new DrawLosses(0, EPSILON, -EPSILON))));

        // Then
        double mean = 0;
        double square = 0;
        for (float value : z) {
            mean += value / z.length;
            square += (double) value * value / z.length;
        }
        assertThat(mean).isCloseTo(0, within(0.1));
        assertThat(square).isCloseTo(1, within(0.15));
        assertThat(z).isNotEqualTo(gradient(zerothOrder.gradient(List.of(new DrawLosses(1, EPSILON, -EPSILON)))));
        assertThat(z).isNotEqualTo(gradient(ZerothOrder.noise(3)));
    }

    @Test
    void halfPrecisionCheckpointsKeepTheirBytes(@TempDir Path folder) throws IOException {
        // Given
        GoldenCheckpoint.convert(GoldenCheckpoint.LLAMA, DType.BF16, folder);
        String before = Digests.sha256(folder.resolve("model.safetensors"));

        // When
        List<DrawLosses> losses;
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            losses = new ZerothOrder(1, EPSILON).losses(checkpoint, WINDOWS, 0, 2, ALL, Progress.SILENT);
        }

        // Then
        assertThat(losses)
                .allSatisfy(draw -> assertThat(draw.slope(EPSILON)).isNotZero().isFinite());
        assertThat(Digests.sha256(folder.resolve("model.safetensors"))).isEqualTo(before);
    }

    @Test
    void stepThatIsNoStepIsRefused() {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> new ZerothOrder(1, Double.NaN))
                .contains("epsilon");
    }

    private static List<DrawLosses> losses(ZerothOrder zerothOrder, int first, int last, LayerScope scope) {
        return losses(GoldenCheckpoint.LLAMA, zerothOrder, first, last, scope);
    }

    private static List<DrawLosses> losses(
            Path family, ZerothOrder zerothOrder, int first, int last, LayerScope scope) {
        try (Checkpoint checkpoint = Checkpoint.open(family)) {
            return zerothOrder.losses(checkpoint, WINDOWS, first, last, scope, Progress.SILENT);
        }
    }

    private static float[] gradient(GradientSource source) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA);
                Scope scope = Scope.open()) {
            Linear linear =
                    ModelLayout.of(checkpoint).layers().get(1).attention().output();
            return source.gradient(linear, scope).floats();
        }
    }

    /** Loss of the model with the linear weights of the middle layer really changed, one by one, in Java. */
    private static double lossMovedBy(Path family, GradientSource z, double step) {
        try (Checkpoint checkpoint = Checkpoint.open(family);
                Scope scope = Scope.open()) {
            ModelLayout layout = ModelLayout.of(checkpoint);
            try (LayerStream stream = LayerStream.embedToSum(checkpoint, layout, WINDOWS, MemoryBudget.DEFAULT)) {
                for (LayerLayout layer : layout.layers()) {
                    try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                        if (MIDDLE.contains(layer.index())) {
                            layer.linears().forEach(linear -> move(weights, linear, z, step, scope));
                        }
                        stream.through(new DecoderLayer(layer, weights));
                    }
                }
                return Arrays.stream(new LanguageHead(checkpoint, layout).losses(stream))
                        .average()
                        .orElseThrow();
            }
        }
    }

    private static void move(LayerWeights weights, Linear linear, GradientSource z, double step, Scope scope) {
        Tensor weight = weights.get(linear.weight());
        float[] values = weight.floats();
        float[] direction = z.gradient(linear, scope).floats();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] + step * direction[i]);
        }
        weights.put(linear.weight(), scope.floats(values, weight.dim(0), weight.dim(1)));
    }
}
