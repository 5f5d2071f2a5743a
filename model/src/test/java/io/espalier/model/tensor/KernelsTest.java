package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.model.checkpoint.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class KernelsTest {
    private static final int VOCABULARY = 23;
    private static final int HIDDEN = 7;
    private static final int PREDICTIONS = 5;

    @Test
    void lossInVocabularyBlocksIsTheLossOverAllLogits() {
        // Given
        float[] hidden = values(1, PREDICTIONS * HIDDEN, 3);
        float[] head = values(2, VOCABULARY * HIDDEN, 3);
        long[] targets = {0, 9, 10, 22, 5};
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            Tensor states = scope.floats(hidden, PREDICTIONS, HIDDEN);
            Tensor wanted = scope.longs(targets, PREDICTIONS);

            // When
            Tensor fold = kernels.emptyFold(PREDICTIONS);
            for (int start = 0; start < VOCABULARY; start += 10) {
                int rows = Math.min(10, VOCABULARY - start);
                float[] block = Arrays.copyOfRange(head, start * HIDDEN, (start + rows) * HIDDEN);
                fold = kernels.foldVocabulary(fold, states, scope.floats(block, rows, HIDDEN), 0, wanted, start);
            }
            double[] losses = kernels.negativeLogLikelihood(fold);

            // Then
            for (int i = 0; i < PREDICTIONS; i++) {
                assertThat(losses[i]).isCloseTo(loss(hidden, head, i, (int) targets[i]), within(1e-5));
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
    void movedAndMirroredWeightsLieOnOppositeSidesOfTheWeightsAtTheDrawnDistance() {
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
    void normalNoiseHasTheNormalDistributionsMomentsAndDoesNotRepeat() {
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
    void normalNumbersOfOneLookUpAreAllButUncorrelated() {
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
        // One, then the neighbours of a tie between two bf16 values.
        float[] values = {1, 1.00390625f, 1.01171875f, -3.1415927f, 0};
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
            values[i] = (float) (random.nextDouble(-bound, bound));
        }
        return values;
    }
}
