package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.model.checkpoint.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelsTest {
    private static final int VOCABULARY = 3000;
    private static final int HIDDEN = 7;

    /** More rows than fit into one block. Every test below whose name says "blocks" has that many. */
    private static final int PREDICTIONS = 150;

    private static final int ROWS = 100;
    private static final int WIDTH = 3000;

    @Test
    void lossInVocabularyBlocksIsTheLossOverAllLogits() {
        // Given
        float[] hidden = values(1, PREDICTIONS * HIDDEN, 3);
        float[] head = values(2, VOCABULARY * HIDDEN, 3);
        long[] targets =
                new SplittableRandom(6).longs(PREDICTIONS, 0, VOCABULARY).toArray();
        targets[0] = 999;
        targets[PREDICTIONS - 1] = 1000;
        try (Scope scope = Scope.open()) {
            VocabularyKernels kernels = new VocabularyKernels(scope);
            Tensor states = scope.floats(hidden, PREDICTIONS, HIDDEN);
            Tensor wanted = scope.longs(targets, PREDICTIONS);

            // When
            Tensor fold = kernels.emptyFold(PREDICTIONS);
            for (int start = 0; start < VOCABULARY; start += 1000) {
                int rows = Math.min(1000, VOCABULARY - start);
                float[] block = Arrays.copyOfRange(head, start * HIDDEN, (start + rows) * HIDDEN);
                fold = kernels.foldVocabulary(fold, states, scope.floats(block, rows, HIDDEN), 0, wanted, start);
            }
            double[] losses = kernels.negativeLogLikelihood(fold);

            // Then
            for (int i = 0; i < PREDICTIONS; i++) {
                assertThat(losses[i]).isCloseTo(loss(hidden, head, i, (int) targets[i]), within(1e-4));
            }
        }
    }

    private static double loss(float[] hidden, float[] head, int prediction, int target) {
        double total = 0;
        double wanted = 0;
        for (int token = 0; token < VOCABULARY; token++) {
            double logit = 0;
            for (int i = 0; i < HIDDEN; i++) {
                logit += (double) hidden[prediction * HIDDEN + i] * head[token * HIDDEN + i];
            }
            total += Math.exp(logit);
            wanted = token == target ? logit : wanted;
        }
        return Math.log(total) - wanted;
    }

    @Test
    void aNormInBlocksOfRowsIsTheFormulaForEachRow() {
        // Given
        float[] x = values(11, ROWS * WIDTH, 2);
        float[] w = values(12, WIDTH, 1);
        try (Scope scope = Scope.open()) {
            // When
            float[] normed = new Kernels(scope)
                    .rmsNorm(scope.floats(x, 2, ROWS / 2, WIDTH), scope.floats(w, WIDTH), 1e-5, 1)
                    .floats();

            // Then
            for (int row = 0; row < ROWS; row++) {
                double squares = 0;
                for (int i = 0; i < WIDTH; i++) {
                    squares += (double) x[row * WIDTH + i] * x[row * WIDTH + i];
                }
                double scale = 1 / Math.sqrt(squares / WIDTH + 1e-5);
                for (int i = 0; i < WIDTH; i++) {
                    assertThat((double) normed[row * WIDTH + i])
                            .isCloseTo(x[row * WIDTH + i] * scale * (w[i] + 1), within(1e-5));
                }
            }
        }
    }

    @Test
    void aRotationInBlocksOfPositionsIsTheFormulaForEachPair() {
        // Given
        int heads = 16;
        int half = 64;
        float[] x = values(13, ROWS * heads * 2 * half, 2);
        float[] cosines = values(14, ROWS * half, 1);
        float[] sines = values(15, ROWS * half, 1);
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            Tensor split = kernels.splitHeads(scope.floats(x, 1, ROWS, 2L * heads * half), 2 * half);

            // When
            float[] turned = kernels.rotate(split, scope.floats(cosines, ROWS, half), scope.floats(sines, ROWS, half))
                    .floats();

            // Then
            for (int head = 0; head < heads; head++) {
                for (int t = 0; t < ROWS; t++) {
                    for (int i = 0; i < half; i++) {
                        int from = (t * heads + head) * 2 * half + i;
                        int to = (head * ROWS + t) * 2 * half + i;
                        double cos = cosines[t * half + i];
                        double sin = sines[t * half + i];
                        assertThat((double) turned[to]).isCloseTo(x[from] * cos - x[from + half] * sin, within(1e-5));
                        assertThat((double) turned[to + half])
                                .isCloseTo(x[from + half] * cos + x[from] * sin, within(1e-5));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"silu", "relu"})
    void aGatedActivationInBlocksOfRowsIsTheFormulaForEachChannelAlsoOfAStackedMatrix(String activation) {
        // Given
        float[] both = values(16, ROWS * 2 * WIDTH, 4);
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            List<Tensor> parts = kernels.splitShares(scope.floats(both, 2, ROWS / 2, 2 * WIDTH), 1, 1);

            // When
            float[] gated =
                    kernels.gated(parts.get(0), parts.get(1), activation).floats();

            // Then
            for (int row = 0; row < ROWS; row++) {
                for (int i = 0; i < WIDTH; i++) {
                    double gate = both[row * 2 * WIDTH + i];
                    double up = both[row * 2 * WIDTH + WIDTH + i];
                    double active = activation.equals("silu") ? gate / (1 + Math.exp(-gate)) : Math.max(0, gate);
                    assertThat((double) gated[row * WIDTH + i]).isCloseTo(active * up, within(1e-5));
                }
            }
        }
    }

    @Test
    void addingATensorOfAnotherTypeInBlocksAddsToEachRow() {
        // Given
        float[] x = values(17, ROWS * WIDTH, 2);
        float[] y = new float[x.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = (i % 101) / 4f;
        }
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            Tensor sum = scope.floats(x, 2, ROWS / 2, WIDTH);
            Tensor flat = kernels.reserve(y.length, ComputeType.BF16);
            kernels.replace(flat, scope.floats(y, y.length));

            // When
            kernels.addInPlace(sum, kernels.reshape(flat, 2, ROWS / 2, WIDTH));

            // Then
            for (int i = 0; i < y.length; i++) {
                x[i] += y[i];
            }
            assertThat(sum.floats()).isEqualTo(x);
        }
    }

    @Test
    void importanceSumsOfAMatrixOfManyBlocksAreThoseOfPlainLoops() {
        // Given
        int out = 700;
        int in = 400;
        float[] w = values(3, out * in, 1);
        float[] g = values(4, out * in, 1);
        float[] n = values(5, in, 1);
        for (int j = 0; j < in; j++) {
            n[j] = Math.abs(n[j]);
        }
        double[] expected = new double[out + in];
        for (int i = 0; i < out; i++) {
            for (int j = 0; j < in; j++) {
                double s = Math.abs((double) w[i * in + j] * g[i * in + j]) * n[j];
                expected[i] += s;
                expected[out + j] += s;
            }
        }
        try (Scope scope = Scope.open()) {
            // When
            double[] sums = new ImportanceKernels(scope)
                    .gradientProductSums(scope.floats(w, out, in), scope.floats(n, in), scope.floats(g, out, in));

            // Then
            for (int i = 0; i < sums.length; i++) {
                assertThat(sums[i]).isCloseTo(expected[i], within(1e-6 * 400));
            }
        }
    }

    @Test
    void perturbedAndMirroredWeightsDifferFromTheWeightsByTheDrawnNumbersWithOppositeSigns() {
        // Given
        int out = 900;
        int in = 300;
        float[] w = values(7, out * in, 1);
        try (Scope scope = Scope.open()) {
            ImportanceKernels kernels = new ImportanceKernels(scope);
            Tensor weight = scope.floats(w, out, in);
            Tensor table = kernels.normalTable();
            Tensor sum = new Kernels(scope).zeros64(out, in);
            Tensor moved = scope.floats(w, out, in);
            Tensor scaled = kernels.scaledTable(table, 0.01, moved);
            kernels.accumulateNoise(sum, table, 42, 1, 0);
            double[] z = sum.doubles();

            // When
            kernels.move(moved, weight, scaled, 42, 640, w.length - 640);

            // Then
            float[] plus = moved.floats();
            kernels.mirror(moved, weight, 640, w.length - 640);
            float[] minus = moved.floats();
            assertThat(Arrays.copyOf(plus, 640)).isEqualTo(Arrays.copyOf(w, 640));
            for (int i = 640; i < w.length; i++) {
                assertThat((double) plus[i]).isCloseTo(w[i] + 0.01 * z[i], within(1e-6));
                assertThat((double) minus[i]).isCloseTo(w[i] - 0.01 * z[i], within(1e-6));
            }
        }
    }

    @Test
    void normalNoiseHasTheMomentsOfTheNormalDistributionAndDoesNotRepeat() {
        try (Scope scope = Scope.open()) {
            ImportanceKernels kernels = new ImportanceKernels(scope);

            // When
            float[] z = kernels.noise(kernels.normalTable(), -3, 400_000).floats();

            // Then
            double[] moments = new double[5];
            double neighbours = 0;
            int inside = 0;
            for (int i = 0; i < z.length; i++) {
                for (int p = 1; p < 5; p++) {
                    moments[p] += Math.pow(z[i], p) / z.length;
                }
                neighbours += i == 0 ? 0 : (double) z[i] * z[i - 1] / z.length;
                inside += Math.abs(z[i]) < 1 ? 1 : 0;
            }
            assertThat(moments[1]).isCloseTo(0, within(0.01));
            assertThat(moments[2]).isCloseTo(1, within(0.01));
            assertThat(moments[3]).isCloseTo(0, within(0.03));
            assertThat(moments[4]).isCloseTo(3, within(0.08));
            assertThat(neighbours).isCloseTo(0, within(0.01));
            assertThat(inside / (double) z.length).isCloseTo(0.6827, within(0.005));
        }
    }

    @Test
    void theEightNormalNumbersOfOneLookUpAreAlmostUncorrelated() {
        try (Scope scope = Scope.open()) {
            // When
            float[] table = new ImportanceKernels(scope).normalTable().floats();

            // Then
            int rows = 65_536;
            int columns = table.length / rows;
            assertThat(columns).isGreaterThan(1);
            for (int a = 0; a < columns; a++) {
                for (int b = 0; b < a; b++) {
                    double product = 0;
                    for (int row = 0; row < rows; row++) {
                        product += (double) table[row * columns + a] * table[row * columns + b];
                    }
                    assertThat(product / rows).isCloseTo(0, within(0.02));
                }
            }
        }
    }

    @Test
    void bfloat16RoundsToTheNearestEvenAndComesBackExactly() {
        // Given
        // The second and the third value lie exactly between two bf16 values.
        float[] values = {1, 1 + 1 / 256f, 1 + 3 / 256f, (float) -Math.PI, 0};
        try (Scope scope = Scope.open()) {
            // When
            ByteBuffer stored = scope.floats(values, values.length).stored(DType.BF16, scope);

            // Then
            short[] bits = new short[values.length];
            stored.order(ByteOrder.LITTLE_ENDIAN).asShortBuffer().get(bits);
            assertThat(bits).containsExactly(new short[] {0x3f80, 0x3f80, 0x3f82, (short) 0xc049, 0});
        }
    }

    @Test
    void profileNamesEngineAndThreads() {
        NumericProfile profile = Engine.profile();

        assertThat(profile.engine()).startsWith("pytorch-2");
        assertThat(profile.device()).isEqualTo("cpu");
        assertThat(profile.instructionSet()).isNotBlank();
        assertThat(profile.threads()).isPositive();
    }

    private static float[] values(long seed, int count, double bound) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble(-bound, bound);
        }
        return values;
    }
}
