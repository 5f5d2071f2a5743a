package io.espalier.model.pruning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeastSquaresTest {
    private static final int OUT = 5;
    private static final int IN = 12;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void solutionSatisfiesItsNormalEquationsAndNeverRaisesTheError(int seed) {
        // Given
        SplittableRandom random = new SplittableRandom(seed);
        double[][] w = matrix(random, OUT, IN);
        double[][] h = gram(matrix(random, 3 + 6 * seed, IN));
        int[] kept = IntStream.range(0, IN)
                .filter(column -> column == 0 || random.nextBoolean())
                .toArray();
        try (Scope scope = Scope.open()) {
            Tensor weight = scope.floats(flat(w), OUT, IN);
            Tensor gram = scope.floats(flat(h), IN, IN);

            // When
            LeastSquares.Solution solution = LeastSquares.solve(weight, gram, kept, scope);

            // Then
            assertThat(solution.damping()).isEqualTo(1);
            assertNormalEquations(w, h, kept, solution.weight().floats());
            Tensor dropped = new Kernels(scope).select(weight, 1, kept);
            assertThat(LeastSquares.relativeError(weight, gram, kept, solution.weight(), scope))
                    .isCloseTo(error(w, h, kept, solution.weight().floats()), within(1e-5))
                    .isLessThanOrEqualTo(LeastSquares.relativeError(weight, gram, kept, dropped, scope) + 1e-9);
        }
    }

    /** {@code W'(H_KK + λI) = W H[:,K] + λ W_K}, in doubles. */
    private static void assertNormalEquations(double[][] w, double[][] h, int[] kept, float[] solution) {
        double ridge =
                0.01 * IntStream.of(kept).mapToDouble(k -> h[k][k]).average().orElseThrow();
        double largest = IntStream.of(kept).mapToDouble(k -> h[k][k]).max().orElseThrow();
        for (int row = 0; row < OUT; row++) {
            for (int column = 0; column < kept.length; column++) {
                double left = ridge * solution[row * kept.length + column];
                for (int i = 0; i < kept.length; i++) {
                    left += solution[row * kept.length + i] * h[kept[i]][kept[column]];
                }
                double right = ridge * w[row][kept[column]];
                for (int j = 0; j < IN; j++) {
                    right += w[row][j] * h[j][kept[column]];
                }
                assertThat(left).isCloseTo(right, within(1e-5 * largest));
            }
        }
    }

    @Test
    void dampingIsRaisedTenfoldUntilTheSystemIsPositiveDefinite() {
        try (Scope scope = Scope.open()) {
            // Given
            Tensor weight = scope.floats(new float[] {1, 2}, 1, 2);
            Tensor indefinite = scope.floats(new float[] {1, 2, 2, 1}, 2, 2);

            // When
            LeastSquares.Solution solution = LeastSquares.solve(weight, indefinite, new int[] {0, 1}, scope);

            // Then
            // The smallest eigenvalue is −1 and the ridge asked for 0.01.
            assertThat(solution.damping()).isEqualTo(1000);
            assertThat(solution.weight().floats()).doesNotContain(Float.NaN);
        }
    }

    @Test
    void columnsThroughWhichNothingFlowedStayAsTheyAre() {
        try (Scope scope = Scope.open()) {
            // Given
            Tensor weight = scope.floats(new float[] {1, 2, 3}, 1, 3);
            Tensor silent = scope.floats(new float[9], 3, 3);

            // When
            LeastSquares.Solution solution = LeastSquares.solve(weight, silent, new int[] {0, 2}, scope);

            // Then
            assertThat(solution.damping()).isZero();
            assertThat(solution.weight().floats()).containsExactly(1, 3);
        }
    }

    private static double error(double[][] w, double[][] h, int[] kept, float[] solution) {
        double[][] difference = new double[OUT][];
        for (int row = 0; row < OUT; row++) {
            difference[row] = w[row].clone();
            for (int i = 0; i < kept.length; i++) {
                difference[row][kept[i]] -= solution[row * kept.length + i];
            }
        }
        return quadratic(difference, h) / quadratic(w, h);
    }

    private static double quadratic(double[][] rows, double[][] h) {
        double sum = 0;
        for (double[] row : rows) {
            for (int i = 0; i < IN; i++) {
                for (int j = 0; j < IN; j++) {
                    sum += row[i] * h[i][j] * row[j];
                }
            }
        }
        return sum;
    }

    private static double[][] matrix(SplittableRandom random, int rows, int columns) {
        double[][] matrix = new double[rows][columns];
        for (double[] row : matrix) {
            for (int i = 0; i < columns; i++) {
                row[i] = (float) (random.nextDouble() * 2 - 1);
            }
        }
        return matrix;
    }

    private static double[][] gram(double[][] x) {
        double[][] gram = new double[IN][IN];
        for (double[] row : x) {
            for (int i = 0; i < IN; i++) {
                for (int j = 0; j < IN; j++) {
                    gram[i][j] += row[i] * row[j];
                }
            }
        }
        return gram;
    }

    private static float[] flat(double[][] matrix) {
        float[] flat = new float[matrix.length * matrix[0].length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (float) matrix[i / matrix[0].length][i % matrix[0].length];
        }
        return flat;
    }
}
