package io.espalier.model.importance;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Digests;
import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Axis;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DistributionTest {
    private static final double EPSILON = 1e-3;
    private static final LayerScope MIDDLE = new LayerScope(1, 2);
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(2, 12, 1);

    /** The exact gradient of the middle layer, by tensor name. */
    private static final Map<String, float[]> EXACT = new TreeMap<>();

    @BeforeAll
    static void backpropagate(@TempDir Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            new Backprop(checkpoint, WINDOWS, MIDDLE, false)
                    .run(
                            folder,
                            (layer, weights, gradients) -> values(gradients.linears(), gradients),
                            (layer, attention, feedForward) -> {
                                EXACT.putAll(attention);
                                EXACT.putAll(feedForward);
                            },
                            Progress.SILENT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void slopesAreTheExactGradientAlongThePerturbation(Distribution distribution) {
        // Given
        ZerothOrder zerothOrder = new ZerothOrder(5, EPSILON, distribution);
        double largest = 0;
        for (int draw = 0; draw < 20; draw++) {
            double expected = dot(perturbation(zerothOrder, draw), EXACT);
            largest = Math.max(largest, Math.abs(expected));
        }

        // When
        List<DrawLosses> losses = losses(zerothOrder, 0, 20);

        // Then
        for (DrawLosses draw : losses) {
            assertThat(draw.slope(EPSILON))
                    .isCloseTo(dot(perturbation(zerothOrder, draw.draw()), EXACT), within(0.02 * largest));
        }
    }

    @ParameterizedTest
    @EnumSource
    void estimateIsTheMeanOfSlopeTimesPerturbation(Distribution distribution) {
        // Given
        ZerothOrder zerothOrder = new ZerothOrder(3, EPSILON, distribution);
        List<DrawLosses> draws = List.of(new DrawLosses(0, 2.5, 2), new DrawLosses(1, 1, 2), new DrawLosses(2, 4, 1));

        // When
        Map<String, float[]> estimate = gradient(zerothOrder.gradient(draws));

        // Then
        List<Map<String, float[]>> z = new ArrayList<>();
        for (int draw = 0; draw < 3; draw++) {
            z.add(perturbation(zerothOrder, draw));
        }
        estimate.forEach((name, values) -> {
            for (int i = 0; i < values.length; i++) {
                double expected = (250.0 * z.get(0).get(name)[i]
                                - 500.0 * z.get(1).get(name)[i]
                                + 1500.0 * z.get(2).get(name)[i])
                        / 3;
                assertThat((double) values[i]).isCloseTo(expected, within(1e-3));
            }
        });
    }

    /** cos(Ĝ, G) of n draws in D dimensions, for perturbations of mean 0 and variance 1 that do not correlate. */
    @ParameterizedTest
    @EnumSource
    void cosineWithTheExactGradientGrowsWithTheDraws(Distribution distribution) {
        // Given
        ZerothOrder zerothOrder = new ZerothOrder(1, EPSILON, distribution);
        double weights =
                EXACT.values().stream().mapToInt(values -> values.length).sum();

        // When
        List<DrawLosses> losses = losses(zerothOrder, 0, 800);

        // Then
        for (int n : new int[] {200, 800}) {
            double cosine = cosine(gradient(zerothOrder.gradient(losses.subList(0, n))), EXACT);
            double expected = Math.sqrt(n / (n + weights));
            assertThat(cosine).as("%d draws", n).isCloseTo(expected, within(0.15 * expected));
        }
    }

    @ParameterizedTest
    @EnumSource
    void drawsAreTheSameWhoeverTakesThemAndLeaveTheWeightsAlone(Distribution distribution) {
        // Given
        ZerothOrder zerothOrder = new ZerothOrder(7, EPSILON, distribution);
        Path weights = GoldenCheckpoint.LLAMA.resolve("model.safetensors");
        String before = Digests.sha256(weights);
        List<DrawLosses> together = losses(zerothOrder, 0, 5);

        // When
        List<DrawLosses> apart = new ArrayList<>(losses(zerothOrder, 0, 3));
        apart.addAll(losses(zerothOrder, 3, 5));

        // Then
        assertThat(apart).isEqualTo(together).doesNotHaveDuplicates();
        assertThat(gradient(zerothOrder.gradient(apart)))
                .usingRecursiveComparison()
                .isEqualTo(gradient(zerothOrder.gradient(together)));
        assertThat(Digests.sha256(weights)).isEqualTo(before);
    }

    @Test
    void rademacherPerturbsByOneEitherWayAndAsOftenUpAsDown() {
        // When
        Map<String, float[]> z = perturbation(new ZerothOrder(2, EPSILON, Distribution.RADEMACHER), 0);

        // Then
        for (float[] values : z.values()) {
            double sum = 0;
            for (float value : values) {
                assertThat(Math.abs(value)).isEqualTo(1);
                sum += value;
            }
            assertThat(Math.abs(sum)).isLessThan(4 * Math.sqrt(values.length));
        }
    }

    /** Bits of one random number lie at fixed distances: one that never changed would show here. */
    @Test
    void everyWeightTakesBothSignsOverManyDraws() {
        ZerothOrder zerothOrder = new ZerothOrder(2, EPSILON, Distribution.RADEMACHER);
        double[] sums = new double[1024];

        // When
        for (int draw = 0; draw < 64; draw++) {
            float[] z = perturbation(zerothOrder, draw).get("model.layers.1.self_attn.q_proj.weight");
            for (int i = 0; i < sums.length; i++) {
                sums[i] += z[i];
            }
        }

        // Then
        assertThat(sums).hasSize(1024).satisfies(all -> {
            for (double sum : all) {
                assertThat(Math.abs(sum)).isLessThan(5.5 * 8);
            }
        });
    }

    @Test
    void rankOnePerturbsByAProductOfSigns() {
        // When
        Map<String, float[]> z = perturbation(new ZerothOrder(2, EPSILON, Distribution.RANK_ONE), 0);

        // Then
        float[] down = z.get("model.layers.1.mlp.down_proj.weight");
        int columns = 80;
        for (int i = 0; i < down.length / columns; i++) {
            for (int j = 0; j < columns; j++) {
                assertThat(Math.abs(down[i * columns + j])).isEqualTo(1);
                assertThat(down[i * columns + j]).isEqualTo(down[i * columns] * down[j] * down[0]);
            }
        }
        assertThat(down).contains(1, -1);
    }

    @Test
    void unknownDistributionIsRefusedNamingTheKnownOnes() {
        assertThat(Distribution.named("rank-one")).isEqualTo(Distribution.RANK_ONE);
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> Distribution.named("uniform"))
                .contains("distribution", "'uniform'", "gaussian", "rademacher", "rank-one");
    }

    private static List<DrawLosses> losses(ZerothOrder zerothOrder, int first, int last) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            return zerothOrder.losses(checkpoint, WINDOWS, first, last, MIDDLE, Progress.SILENT);
        }
    }

    /** With slope 1 the gradient of a single draw is z itself. */
    private static Map<String, float[]> perturbation(ZerothOrder zerothOrder, int draw) {
        return gradient(zerothOrder.gradient(List.of(new DrawLosses(draw, EPSILON, -EPSILON))));
    }

    private static Map<String, float[]> gradient(GradientSource source) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            return values(ModelLayout.of(checkpoint).layers().get(1).linears(), source);
        }
    }

    private static Map<String, float[]> values(List<Linear> linears, GradientSource source) {
        Map<String, float[]> values = new TreeMap<>();
        try (Scope scope = Scope.open()) {
            for (Linear linear : linears) {
                values.put(
                        linear.weight().name(), source.gradient(linear, scope).floats());
            }
        }
        return values;
    }

    private static double cosine(Map<String, float[]> a, Map<String, float[]> b) {
        return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    }

    private static double dot(Map<String, float[]> a, Map<String, float[]> b) {
        double sum = 0;
        for (String name : a.keySet()) {
            float[] left = a.get(name);
            float[] right = b.get(name);
            for (int i = 0; i < left.length; i++) {
                sum += (double) left[i] * right[i];
            }
        }
        return sum;
    }

    @ParameterizedTest
    @EnumSource
    void aMatrixSummedInBlocksOfRowsIsTheOneThatIsSummedAtOnce(Distribution distribution) {
        // Given
        int out = 2 * Distribution.ROWS_TOGETHER + 77;
        Linear linear = new Linear("m", new Parameter("m.weight", List.of(Axis.fixed(out), Axis.fixed(70))), null);
        long[] seeds = {3, -5};
        double[] coefficients = {0.5, -2};
        try (Scope scope = Scope.open()) {
            Tensor whole = new Kernels(scope).zeros64(out, 70);
            distribution.accumulate(whole, 0, linear, seeds, coefficients, new ImportanceKernels(scope));

            // When
            float[] sum = distribution.sum(linear, seeds, coefficients, scope).floats();

            // Then
            Tensor rounded = new Kernels(scope).zeros(out, 70);
            new Kernels(scope).replace(rounded, whole);
            assertThat(sum).containsExactly(rounded.floats(), offset(1e-6f));
        }
    }
}
