package io.espalier.model.sparsity;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * SparseGPT against optimal brain surgeon by its definition, in plain Java: for each column the Hessian of the columns not yet
 * settled is inverted anew.
 */
class SparseGptTest {
    private static final int ROWS = 6;
    /** More than one block of columns. */
    private static final int COLUMNS = 136;

    private static final int DEAD = 5;

    @ParameterizedTest
    @ValueSource(strings = {"2:4", "4:8", "unstructured"})
    void masksAndUpdatedWeightsAreThoseOfTheDefinition(String target) {
        // Given
        SparsityPattern pattern = SparsityPattern.parse(target, 0.37);
        float[] inputs = inputs(300);
        float[] weight = gaussian(ROWS * COLUMNS, 2);
        try (Scope scope = Scope.open()) {
            GramSystem gram = gram(inputs, scope);
            double[][] hessian = damped(gram.sums().floats());
            Tensor pruned = scope.floats(weight, ROWS, COLUMNS);

            // When
            SparseGpt surgeon = SparseGpt.of(gram, scope);
            Mask mask = surgeon.prune(pruned, pattern);

            // Then
            Reference reference = new Reference(weight, hessian);
            reference.prune(target);
            assertThat(surgeon.damping()).isEqualTo(1);
            assertThat(mask).isEqualTo(reference.kept.mask());
            float[] updated = pruned.floats();
            for (int i = 0; i < updated.length; i++) {
                assertThat((double) updated[i])
                        .isCloseTo(reference.weight[i / COLUMNS][i % COLUMNS], Offset.offset(1e-6));
            }
        }
    }

    @Test
    void theOutputIsCloserToTheDenseOneThanWithTheSameWeightsMerelyDropped() {
        float[] inputs = inputs(300);
        float[] weight = gaussian(ROWS * COLUMNS, 2);
        try (Scope scope = Scope.open()) {
            Tensor pruned = scope.floats(weight, ROWS, COLUMNS);

            // When
            Mask mask = SparseGpt.of(gram(inputs, scope), scope).prune(pruned, new SparsityPattern.NofM(2, 4));

            // Then
            Tensor dropped = scope.floats(weight, ROWS, COLUMNS);
            mask.clearRemoved(dropped);
            assertThat(outputError(inputs, weight, pruned.floats()))
                    .isLessThan(0.8 * outputError(inputs, weight, dropped.floats()));
        }
    }

    /** An odd number of features, more than two blocks of them. */
    @Test
    void theFactorOfManyFeaturesIsThatOfTheInverse() {
        // Given
        int features = 601;
        float[] hessian = new float[features * features];
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < features; i++) {
            for (int j = 0; j < i; j++) {
                hessian[i * features + j] = (float) random.nextDouble(-1, 1);
                hessian[j * features + i] = hessian[i * features + j];
            }
            hessian[i * features + i] = 60;
        }
        try (Scope scope = Scope.open()) {
            // When
            Tensor system = system(hessian, features, scope).solvable();
            Tensor factor = new SparsityKernels(scope).inverseFactor(system, 0.5);

            // Then
            double[] u = factor.doubles();
            double[] uh = new double[features * features];
            for (int i = 0; i < features; i++) {
                for (int k = 0; k < features; k++) {
                    if (k < i) {
                        assertThat(u[i * features + k]).as("below the diagonal").isZero();
                        continue;
                    }
                    for (int j = 0; j < features; j++) {
                        uh[i * features + j] += u[i * features + k] * (hessian[k * features + j] + (k == j ? 0.5 : 0));
                    }
                }
            }
            for (int i = 0; i < features; i++) {
                for (int j = 0; j < features; j++) {
                    double product = 0;
                    for (int k = j; k < features; k++) {
                        product += uh[i * features + k] * u[j * features + k];
                    }
                    assertThat(Math.abs(product - (i == j ? 1 : 0)))
                            .as("U H Uᵀ = I")
                            .isLessThan(1e-9);
                }
            }
        }
    }

    @Test
    void keptWeightsOfADeadFeatureStayAsTheyAre() {
        float[] inputs = inputs(300);
        float[] weight = gaussian(ROWS * COLUMNS, 2);
        try (Scope scope = Scope.open()) {
            Tensor pruned = scope.floats(weight, ROWS, COLUMNS);

            // When
            Mask mask = SparseGpt.of(gram(inputs, scope), scope).prune(pruned, new SparsityPattern.Unstructured(0.01));

            // Then
            float[] updated = pruned.floats();
            for (int row = 0; row < ROWS; row++) {
                float expected = mask.keeps(row, DEAD) ? weight[row * COLUMNS + DEAD] : 0;
                assertThat(updated[row * COLUMNS + DEAD]).isEqualTo(expected);
            }
            assertThat(updated).isNotEqualTo(weight).doesNotContain(Float.NaN);
        }
    }

    @Test
    void magnitudeDecidesWhereNothingEverEntered() {
        float[] weight = gaussian(ROWS * COLUMNS, 2);
        try (Scope scope = Scope.open()) {
            GramSystem nothing = GramSystem.zeros(COLUMNS, scope);

            // When
            SparseGpt surgeon = SparseGpt.of(nothing, scope);
            Mask mask = surgeon.prune(scope.floats(weight, ROWS, COLUMNS), new SparsityPattern.NofM(2, 4));

            // Then
            MaskReference byMagnitude = new MaskReference(ROWS, COLUMNS);
            byMagnitude.removeInRows(4, 2, place -> Math.abs(weight[place.row() * COLUMNS + place.column()]));
            assertThat(surgeon.damping()).isZero();
            assertThat(mask).isEqualTo(byMagnitude.mask());
        }
    }

    @Test
    void dampingIsRaisedUntilTheHessianIsPositiveDefinite() {
        // Given
        float[] indefinite = new float[COLUMNS * COLUMNS];
        for (int i = 0; i < COLUMNS; i++) {
            indefinite[i * COLUMNS + i] = 1;
        }
        indefinite[1] = 3;
        indefinite[COLUMNS] = 3;
        float[] weight = gaussian(ROWS * COLUMNS, 2);
        try (Scope scope = Scope.open()) {
            Tensor pruned = scope.floats(weight, ROWS, COLUMNS);

            // When
            SparseGpt surgeon = SparseGpt.of(system(indefinite, COLUMNS, scope), scope);
            surgeon.prune(pruned, new SparsityPattern.NofM(2, 4));

            // Then
            assertThat(surgeon.damping()).isEqualTo(1000);
            assertThat(pruned.floats()).doesNotContain(Float.NaN);
        }
    }

    @Test
    void inputsThatAreNotFiniteGiveMagnitudesMaskAndNoNaN() {
        float[] broken = new float[COLUMNS * COLUMNS];
        broken[0] = Float.POSITIVE_INFINITY;
        broken[1] = Float.NaN;
        try (Scope scope = Scope.open()) {
            Tensor pruned = scope.floats(gaussian(ROWS * COLUMNS, 2), ROWS, COLUMNS);

            // When
            SparseGpt surgeon = SparseGpt.of(system(broken, COLUMNS, scope), scope);
            surgeon.prune(pruned, new SparsityPattern.NofM(2, 4));

            // Then
            assertThat(surgeon.damping()).isZero();
            assertThat(pruned.floats()).doesNotContain(Float.NaN);
        }
    }

    /** Optimal brain surgeon, settling column after column. */
    private static final class Reference {
        private final double[][] weight = new double[ROWS][COLUMNS];
        private final double[][] hessian;
        private final MaskReference kept = new MaskReference(ROWS, COLUMNS);

        Reference(float[] dense, double[][] hessian) {
            for (int i = 0; i < dense.length; i++) {
                weight[i / COLUMNS][i % COLUMNS] = dense[i];
            }
            this.hessian = hessian;
        }

        void prune(String target) {
            boolean everywhere = target.equals("unstructured");
            int group = everywhere ? 128 : Integer.parseInt(target.substring(2));
            for (int column = 0; column < COLUMNS; column++) {
                if (column % group == 0) {
                    choose(column, Math.min(COLUMNS, column + group), everywhere);
                }
                double[][] inverse = inverseFrom(column);
                for (int row = 0; row < ROWS; row++) {
                    if (!kept.keeps(row, column)) {
                        double error = weight[row][column] / inverse[0][0];
                        for (int behind = column; behind < COLUMNS; behind++) {
                            weight[row][behind] -= error * inverse[0][behind - column];
                        }
                        weight[row][column] = 0;
                    }
                }
            }
        }

        /** By W_ij² / [H_F⁻¹]_jj, F being the columns from j on. */
        private void choose(int first, int last, boolean everywhere) {
            double[] cost = new double[COLUMNS];
            for (int column = first; column < last; column++) {
                cost[column] = inverseFrom(column)[0][0];
            }
            int rowsTogether = everywhere ? ROWS : 1;
            for (int row = 0; row < ROWS; row += rowsTogether) {
                var compared = kept.block(row, row + rowsTogether, first, last);
                int removed = everywhere ? compared.size() * 37 / 100 : (last - first) / 2;
                kept.remove(
                        compared,
                        removed,
                        place -> Math.pow(weight[place.row()][place.column()], 2) / cost[place.column()]);
            }
        }

        /** The inverse of the Hessian's part from a column on, by Gauss-Jordan elimination. */
        private double[][] inverseFrom(int column) {
            int n = COLUMNS - column;
            double[][] left = new double[n][n];
            double[][] right = new double[n][n];
            for (int i = 0; i < n; i++) {
                System.arraycopy(hessian[column + i], column, left[i], 0, n);
                right[i][i] = 1;
            }
            for (int pivot = 0; pivot < n; pivot++) {
                double scale = left[pivot][pivot];
                for (int j = 0; j < n; j++) {
                    left[pivot][j] /= scale;
                    right[pivot][j] /= scale;
                }
                for (int i = 0; i < n; i++) {
                    double factor = left[i][pivot];
                    if (i != pivot && factor != 0) {
                        for (int j = 0; j < n; j++) {
                            left[i][j] -= factor * left[pivot][j];
                            right[i][j] -= factor * right[pivot][j];
                        }
                    }
                }
            }
            return right;
        }
    }

    /** H + λI, λ 1% of the mean diagonal. */
    private static double[][] damped(float[] gram) {
        double[][] hessian = new double[COLUMNS][COLUMNS];
        double trace = 0;
        for (int i = 0; i < gram.length; i++) {
            hessian[i / COLUMNS][i % COLUMNS] = gram[i];
            trace += i / COLUMNS == i % COLUMNS ? gram[i] : 0;
        }
        for (int i = 0; i < COLUMNS; i++) {
            hessian[i][i] += 0.01 * trace / COLUMNS;
        }
        return hessian;
    }

    /** ‖X (W − W')ᵀ‖² */
    private static double outputError(float[] inputs, float[] before, float[] after) {
        double error = 0;
        for (int token = 0; token < inputs.length; token += COLUMNS) {
            for (int row = 0; row < ROWS; row++) {
                double sum = 0;
                for (int j = 0; j < COLUMNS; j++) {
                    sum += inputs[token + j] * (before[row * COLUMNS + j] - after[row * COLUMNS + j]);
                }
                error += sum * sum;
            }
        }
        return error;
    }

    private static GramSystem gram(float[] inputs, Scope scope) {
        GramSystem gram = GramSystem.zeros(COLUMNS, scope);
        gram.add(scope.floats(inputs, inputs.length / COLUMNS, COLUMNS));
        return gram;
    }

    private static GramSystem system(float[] gram, int features, Scope scope) {
        GramSystem system = GramSystem.zeros(features, scope);
        new Kernels(scope).replace(system.sums(), scope.floats(gram, features, features));
        return system;
    }

    /** Neighbouring features are alike, and one of them never fires. */
    private static float[] inputs(int tokens) {
        float[] inputs = gaussian(tokens * COLUMNS, 1);
        for (int i = inputs.length - 1; i > 0; i--) {
            inputs[i] = i % COLUMNS == DEAD ? 0 : inputs[i] + 0.8f * inputs[i - 1];
        }
        return inputs;
    }

    private static float[] gaussian(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
