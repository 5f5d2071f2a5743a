package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares matrix products with sums in double precision. */
class ProductTest {
    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 5, 7", "64, 96, 32", "130, 33, 257", "2, 1100, 2048"})
    void linearAndItsTwoGradientsAgreeWithDoublePrecision(int rows, int outputs, int inputs) {
        double[] x = random(rows * inputs, 1);
        double[] w = random(outputs * inputs, 2);
        double[] above = random(rows * outputs, 3);
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            Tensor input = scope.floats(floats(x), 1, rows, inputs);
            Tensor weight = scope.floats(floats(w), outputs, inputs);
            Tensor upstream = scope.floats(floats(above), 1, rows, outputs);
            Tensor sum = kernels.zeros(outputs, inputs);

            // When
            float[] y = kernels.linear(input, weight).floats();
            float[] below = kernels.linearGradient(upstream, weight).floats();
            kernels.accumulateGradients(sum, kernels.zeros(0, 0), upstream, input, 1);

            // Then
            assertClose(y, rows, outputs, inputs, (i, j, k) -> x[i * inputs + k] * w[j * inputs + k]);
            assertClose(below, rows, inputs, outputs, (i, j, k) -> above[i * outputs + k] * w[k * inputs + j]);
            assertClose(sum.floats(), outputs, inputs, rows, (i, j, k) -> above[k * outputs + i] * x[k * inputs + j]);
        }
    }

    @Test
    void anEmptySumIsZero() {
        try (Scope scope = Scope.open()) {
            Tensor x = scope.floats(new float[0], 1, 2, 0);
            Tensor w = scope.floats(new float[0], 3, 0);

            assertThat(new Kernels(scope).linear(x, w).floats()).containsOnly(0).hasSize(6);
        }
    }

    private interface Term {
        double of(int row, int column, int k);
    }

    private static void assertClose(float[] actual, int rows, int columns, int terms, Term term) {
        assertThat(actual).hasSize(rows * columns);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                double sum = 0;
                for (int k = 0; k < terms; k++) {
                    sum += term.of(i, j, k);
                }
                assertThat((double) actual[i * columns + j]).isCloseTo(sum, within(1e-5 * Math.sqrt(terms)));
            }
        }
    }

    private static double[] random(int n, long seed) {
        // Values that fp32 can represent, so that the kernel and the expected sums use the same inputs.
        return new SplittableRandom(seed).doubles(n, -1, 1).map(v -> (float) v).toArray();
    }

    private static float[] floats(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }
}
