package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RecoveryKernelsTest {
    /** More than one block. */
    private static final int WEIGHTS = 140_000;

    private static final int STEPS = 5;
    private static final double RATE = 1e-2;

    @Test
    void removedWeightsStayZeroAndTheOthersTakeTheStepsOfAdam() {
        // Given
        float[] start = values(1);
        for (int i = 0; i < WEIGHTS; i += 2) {
            start[i] = 0;
        }
        float[] trained;
        try (Scope scope = Scope.open()) {
            RecoveryKernels kernels = new RecoveryKernels(scope);
            Tensor weight = scope.floats(start, WEIGHTS);
            Tensor mean = scope.floats(new float[WEIGHTS], WEIGHTS);
            Tensor square = scope.floats(new float[WEIGHTS], WEIGHTS);

            // When
            for (int step = 1; step <= STEPS; step++) {
                Tensor gradient = scope.floats(values(10 + step), WEIGHTS);
                kernels.holdZeros(weight, gradient, square);
                kernels.adam(weight, gradient, mean, square, RATE, RecoveryKernels.Adam.USUAL, step);
            }
            trained = weight.floats();
        }

        // Then
        double[] wanted = adam(start);
        for (int i = 0; i < WEIGHTS; i++) {
            if (i % 2 == 0) {
                assertThat(Float.floatToRawIntBits(trained[i])).isZero();
            } else {
                assertThat((double) trained[i]).isCloseTo(wanted[i], within(1e-6));
            }
        }
    }

    /** Plain fp64 of every weight, with the gradients of the test. */
    private static double[] adam(float[] start) {
        double[] w = new double[WEIGHTS];
        double[] m = new double[WEIGHTS];
        double[] v = new double[WEIGHTS];
        for (int i = 0; i < WEIGHTS; i++) {
            w[i] = start[i];
        }
        for (int step = 1; step <= STEPS; step++) {
            float[] g = values(10 + step);
            for (int i = 0; i < WEIGHTS; i++) {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                double first = m[i] / (1 - Math.pow(0.9, step));
                double second = v[i] / (1 - Math.pow(0.999, step));
                w[i] -= RATE * first / (Math.sqrt(second) + 1e-8);
            }
        }
        return w;
    }

    private static float[] values(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[WEIGHTS];
        for (int i = 0; i < WEIGHTS; i++) {
            values[i] = (float) (random.nextDouble(0.1, 1) * (random.nextBoolean() ? 1 : -1));
        }
        return values;
    }

    @Test
    void aWeightThatAStepTookToZeroStillLearns() {
        try (Scope scope = Scope.open()) {
            // Given: of the zeros only the second ever had a gradient.
            Tensor weight = scope.floats(new float[] {0, 0, 2}, 3);
            Tensor square = scope.floats(new float[] {0, 1e-3f, 0}, 3);
            Tensor gradient = scope.floats(new float[] {5, 6, 7}, 3);

            // When
            new RecoveryKernels(scope).holdZeros(weight, gradient, square);

            // Then
            assertThat(gradient.floats()).containsExactly(0, 6, 7);
        }
    }
}
