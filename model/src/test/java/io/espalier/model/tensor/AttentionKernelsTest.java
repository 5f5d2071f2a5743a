package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares each form of attention with the formula, position by position in double precision. */
class AttentionKernelsTest {
    private static final int WINDOWS = 2;
    private static final int KV_HEADS = 2;
    private static final int HEAD_DIM = 4;
    private static final double SCALE = 0.6;
    /** Heads that are computed at the same time: with four heads the last one is a block of its own. */
    private static final int HEADS_TOGETHER = 3;

    @ParameterizedTest
    @CsvSource({
        // query heads, new positions, all positions, window, cap, slopes
        "2, 7, 7, 0, 0, false",
        "2, 1, 7, 0, 0, false",
        "4, 7, 7, 0, 0, false",
        "4, 1, 7, 0, 0, false",
        "4, 7, 7, 3, 0, false",
        "4, 1, 7, 3, 0, false",
        "4, 7, 7, 1, 0, false",
        "4, 7, 7, 99, 0, false",
        "2, 7, 7, 0, 0, true",
        "2, 1, 7, 0, 0, true",
        "4, 7, 7, 0, 0, true",
        "4, 7, 7, 0, 0.5, false",
        "4, 7, 7, 3, 0.5, false",
        "4, 1, 7, 3, 0.5, false",
    })
    void attendsToThePositionsThatTheMaskAllows(int heads, int t, int s, int window, double cap, boolean alibi) {
        // Given
        SplittableRandom random = new SplittableRandom(heads * 31L + t);
        float[] q = numbers(random, WINDOWS * heads * t * HEAD_DIM);
        float[] k = numbers(random, WINDOWS * KV_HEADS * s * HEAD_DIM);
        float[] v = numbers(random, WINDOWS * KV_HEADS * s * HEAD_DIM);
        float[] slopes = alibi ? numbers(random, heads) : new float[0];
        try (Scope scope = Scope.open()) {
            Tensor queries = scope.floats(q, WINDOWS, heads, t, HEAD_DIM);
            Tensor keys = scope.floats(k, WINDOWS, KV_HEADS, s, HEAD_DIM);
            Tensor values = scope.floats(v, WINDOWS, KV_HEADS, s, HEAD_DIM);
            Kernels kernels = new Kernels(scope);

            // When
            Tensor mixed = mixed(kernels, queries, keys, values, window, cap, scope.floats(slopes, slopes.length));

            // Then
            float[] actual = mixed.floats();
            assertThat(actual).hasSize(q.length);
            for (int b = 0; b < WINDOWS; b++) {
                for (int h = 0; h < heads; h++) {
                    for (int i = 0; i < t; i++) {
                        int group = b * KV_HEADS + h * KV_HEADS / heads;
                        double[] weights = new double[s];
                        int position = s - t + i;
                        for (int j = 0; j <= position; j++) {
                            double score = SCALE * dot(q, (b * heads + h) * t + i, k, group * s + j);
                            score = cap > 0 ? cap * Math.tanh(score / cap) : score;
                            score += alibi ? slopes[h] * (j - position) : 0;
                            weights[j] = window > 0 && position - j >= window ? 0 : Math.exp(score);
                        }
                        double total = Arrays.stream(weights).sum();
                        for (int c = 0; c < HEAD_DIM; c++) {
                            double expected = 0;
                            for (int j = 0; j < s; j++) {
                                expected += weights[j] / total * v[(group * s + j) * HEAD_DIM + c];
                            }
                            assertThat((double) actual[((b * t + i) * heads + h) * HEAD_DIM + c])
                                    .isCloseTo(expected, within(2e-6));
                        }
                    }
                }
            }
        }
    }

    private static double dot(float[] a, int rowOfA, float[] b, int rowOfB) {
        double sum = 0;
        for (int c = 0; c < HEAD_DIM; c++) {
            sum += (double) a[rowOfA * HEAD_DIM + c] * b[rowOfB * HEAD_DIM + c];
        }
        return sum;
    }

    private static Tensor mixed(Kernels kernels, Tensor q, Tensor k, Tensor v, int window, double cap, Tensor slopes) {
        if (cap > 0) {
            return kernels.cappedAttention(q, k, v, SCALE, cap, window, HEADS_TOGETHER);
        }
        boolean plain = window == 0 && slopes.elements() == 0;
        return plain
                ? kernels.causalAttention(q, k, v, SCALE)
                : kernels.biasedAttention(q, k, v, SCALE, window, slopes, HEADS_TOGETHER);
    }

    private static float[] numbers(SplittableRandom random, int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextDouble(-2, 2);
        }
        return numbers;
    }
}
