package io.espalier.model.pruning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.RepairKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the formulas as they are published, with plain loops over doubles. */
class LeastSquaresTest {
    private static final int OUT = 5;
    private static final int IN = 12;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void solutionSatisfiesItsNormalEquationsAndNeverRaisesTheError(int seed) {
        // Given
        SplittableRandom random = new SplittableRandom(seed);
        double[][] w = matrix(random, OUT, IN);
        double[][] x = matrix(random, 3 + 6 * seed, IN);
        int[] kept = someColumns(random);
        try (Scope scope = Scope.open()) {
            LeastSquares regression = new LeastSquares(LostColumns.of(tensor(w, scope), kept, scope), false, scope);
            regression.add(windows(scope, x));

            // When
            LeastSquares.Solution solution = regression.solve();

            // Then
            float[] weight = solution.weight().floats();
            double[][] h = product(x, x);
            assertNormalEquations(weight, kept, w, h, h);
            assertThat(solution.repair().damping()).isEqualTo(1);
            assertThat(solution.repair().errorNone())
                    .isCloseTo(error(outputs(w, x), x, kept, dropped(w, kept)), within(1e-5));
            assertThat(solution.repair().error())
                    .isCloseTo(error(outputs(w, x), x, kept, weight), within(1e-5))
                    .isLessThanOrEqualTo(solution.repair().errorNone() + 1e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void blendedTargetIsHalfWayToTheDenseModelsOutput(int seed) {
        // Given
        SplittableRandom random = new SplittableRandom(seed);
        double[][] w = matrix(random, OUT, IN);
        double[][] x = matrix(random, 3 + 6 * seed, IN);
        double[][] dense = matrix(random, 3 + 6 * seed, IN);
        int[] kept = someColumns(random);
        try (Scope scope = Scope.open()) {
            LeastSquares regression = new LeastSquares(LostColumns.of(tensor(w, scope), kept, scope), true, scope);
            regression.add(windows(scope, dense, x));

            // When
            LeastSquares.Solution solution = regression.solve();

            // Then
            float[] weight = solution.weight().floats();
            double[][] h = product(x, x);
            assertNormalEquations(weight, kept, w, h, mean(h, product(dense, x)));
            double[][] target = mean(outputs(w, x), outputs(w, dense));
            assertThat(solution.repair().errorNone()).isCloseTo(error(target, x, kept, dropped(w, kept)), within(1e-5));
            assertThat(solution.repair().error())
                    .isCloseTo(error(target, x, kept, weight), within(1e-5))
                    .isLessThanOrEqualTo(solution.repair().errorNone() + 1e-6);
        }
    }

    /** {@code W'(H_KK + λI) = W T[:,K] + λ W_K}, T the target's Gram matrix. */
    private static void assertNormalEquations(float[] solution, int[] kept, double[][] w, double[][] h, double[][] t) {
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
                    right += w[row][j] * t[j][kept[column]];
                }
                assertThat(left).isCloseTo(right, within(1e-5 * largest));
            }
        }
    }

    @Test
    void dampingIsRaisedTenfoldUntilTheSystemIsPositiveDefinite() {
        try (Scope scope = Scope.open()) {
            // Given
            Kernels kernels = new Kernels(scope);
            LostColumns columns = LostColumns.of(scope.floats(new float[] {1, 2, 3}, 1, 3), new int[] {0, 1}, scope);
            GramSystem indefinite = GramSystem.zeros(2, scope);
            kernels.replace(indefinite.sums(), scope.floats(new float[] {1, 2, 2, 1}, 2, 2));
            RepairKernels.Residuals sums = new RepairKernels.Residuals(
                    indefinite, scope.floats(new float[] {1, 1}, 1, 2), kernels.zeros64(1, 2));

            // When
            LeastSquares.Solution solution = new LeastSquares(columns, false, sums, scope).solve();

            // Then
            // The smallest eigenvalue is −1 and the ridge asked for 0.01.
            assertThat(solution.repair().damping()).isEqualTo(1000);
            assertThat(solution.weight().floats()).doesNotContain(Float.NaN);
        }
    }

    /** More than two blocks of them, the last one smaller, and more rows than are solved together. */
    @Test
    void manyColumnsAreSolvedAsOneAndAFailedTryLeavesThem() {
        // Given
        int columns = 601;
        int rows = 259;
        SplittableRandom random = new SplittableRandom(5);
        float[] gram = new float[columns * columns];
        for (int i = 0; i < columns; i++) {
            for (int j = 0; j < i; j++) {
                gram[i * columns + j] = (float) random.nextDouble(-1, 1);
                gram[j * columns + i] = gram[i * columns + j];
            }
            gram[i * columns + i] = 20;
        }
        float[] given = flat(matrix(random, rows, columns));
        try (Scope scope = Scope.open()) {
            GramSystem sums = GramSystem.zeros(columns, scope);
            new Kernels(scope).replace(sums.sums(), scope.floats(gram, columns, columns));
            Tensor system = sums.solvable();
            Tensor residual = scope.floats(given, rows, columns);
            RepairKernels kernels = new RepairKernels(scope);
            // The smallest eigenvalue is about −8, which the second block of columns shows.
            assertThat(kernels.ridge(system, residual, 0.5).elements()).isZero();

            // When
            double change = kernels.ridge(system, residual, 30).doubles()[0];

            // Then
            float[] delta = residual.floats();
            double expected = 0;
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    double product = 0;
                    for (int k = 0; k < columns; k++) {
                        product += (double) delta[row * columns + k] * gram[k * columns + column];
                    }
                    double entry = delta[row * columns + column];
                    double wanted = given[row * columns + column];
                    assertThat(product + 30 * entry).isCloseTo(wanted, within(2e-5));
                    expected += entry * product - 2 * entry * wanted;
                }
            }
            assertThat(change).isCloseTo(expected, within(1e-4 * Math.abs(expected)));
        }
    }

    @Test
    void columnsThroughWhichNothingFlowedStayAsTheyAre() {
        try (Scope scope = Scope.open()) {
            // Given
            Tensor weight = scope.floats(new float[] {1, 2, 3}, 1, 3);
            LeastSquares regression = new LeastSquares(LostColumns.of(weight, new int[] {0, 2}, scope), false, scope);
            regression.add(windows(scope, new double[4][3]));

            // When
            LeastSquares.Solution solution = regression.solve();

            // Then
            assertThat(solution.repair()).isEqualTo(new LinearRepair(0, 0, 0));
            assertThat(solution.weight().floats()).containsExactly(1, 3);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void biasIsTheMeanOfWhatTheLostColumnsGave(int seed) {
        // Given
        SplittableRandom random = new SplittableRandom(seed);
        double[][] w = matrix(random, OUT, IN);
        double[][] x = matrix(random, 3 + 6 * seed, IN);
        int[] kept = someColumns(random);
        try (Scope scope = Scope.open()) {
            LostMean lost = new LostMean(LostColumns.of(tensor(w, scope), kept, scope), scope);

            // When
            lost.add(windows(scope, x));

            // Then
            double left = 0;
            double whole = 0;
            for (int row = 0; row < OUT; row++) {
                double[] missing = outputs(w[row], x, kept);
                double[] all = outputs(w[row], x, new int[0]);
                double mean = IntStream.range(0, x.length)
                        .mapToDouble(t -> missing[t])
                        .average()
                        .orElseThrow();
                assertThat(lost.mean()[row]).isCloseTo(mean, within(1e-6));
                for (int t = 0; t < x.length; t++) {
                    left += (missing[t] - mean) * (missing[t] - mean);
                    whole += all[t] * all[t];
                }
            }
            assertThat(lost.repair().error())
                    .isCloseTo(left / whole, within(1e-5))
                    .isLessThanOrEqualTo(lost.repair().errorNone());
        }
    }

    /** One output of every token, by the columns that are not in {@code without}. */
    private static double[] outputs(double[] row, double[][] x, int[] without) {
        double[] outputs = new double[x.length];
        for (int t = 0; t < x.length; t++) {
            for (int j = 0; j < IN; j++) {
                if (Arrays.binarySearch(without, j) < 0) {
                    outputs[t] += row[j] * x[t][j];
                }
            }
        }
        return outputs;
    }

    private static float[] dropped(double[][] w, int[] kept) {
        float[] dropped = new float[OUT * kept.length];
        for (int i = 0; i < dropped.length; i++) {
            dropped[i] = (float) w[i / kept.length][kept[i % kept.length]];
        }
        return dropped;
    }

    private static int[] someColumns(SplittableRandom random) {
        return IntStream.range(0, IN)
                .filter(column -> column == 0 || random.nextBoolean())
                .toArray();
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

    /** XᵀY */
    private static double[][] product(double[][] x, double[][] y) {
        double[][] product = new double[IN][IN];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < IN; i++) {
                for (int j = 0; j < IN; j++) {
                    product[i][j] += x[t][i] * y[t][j];
                }
            }
        }
        return product;
    }

    private static double[][] mean(double[][] one, double[][] other) {
        double[][] mean = new double[one.length][one[0].length];
        for (int i = 0; i < one.length; i++) {
            Arrays.setAll(mean[i], mean(one[i], other[i]));
        }
        return mean;
    }

    private static IntToDoubleFunction mean(double[] one, double[] other) {
        return j -> (one[j] + other[j]) / 2;
    }

    /** XWᵀ, [tokens, out] */
    private static double[][] outputs(double[][] w, double[][] x) {
        double[][] outputs = new double[x.length][OUT];
        for (int row = 0; row < OUT; row++) {
            double[] column = outputs(w[row], x, new int[0]);
            for (int t = 0; t < x.length; t++) {
                outputs[t][row] = column[t];
            }
        }
        return outputs;
    }

    /** {@code ‖Y − X_K W'ᵀ‖² / ‖Y‖²} */
    private static double error(double[][] target, double[][] x, int[] kept, float[] solution) {
        double left = 0;
        double whole = 0;
        for (int t = 0; t < x.length; t++) {
            for (int row = 0; row < OUT; row++) {
                double difference = target[t][row];
                for (int i = 0; i < kept.length; i++) {
                    difference -= x[t][kept[i]] * solution[row * kept.length + i];
                }
                left += difference * difference;
                whole += target[t][row] * target[t][row];
            }
        }
        return left / whole;
    }

    private static Tensor tensor(double[][] matrix, Scope scope) {
        return scope.floats(flat(matrix), matrix.length, matrix[0].length);
    }

    /** [windows, tokens, in] */
    private static Tensor windows(Scope scope, double[][]... windows) {
        float[] values = new float[0];
        for (double[][] window : windows) {
            float[] next = flat(window);
            values = Arrays.copyOf(values, values.length + next.length);
            System.arraycopy(next, 0, values, values.length - next.length, next.length);
        }
        return scope.floats(values, windows.length, windows[0].length, windows[0][0].length);
    }

    private static float[] flat(double[][] matrix) {
        float[] flat = new float[matrix.length * matrix[0].length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (float) matrix[i / matrix[0].length][i % matrix[0].length];
        }
        return flat;
    }
}
