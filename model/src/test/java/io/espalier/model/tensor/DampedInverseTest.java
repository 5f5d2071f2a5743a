package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class DampedInverseTest {
    /** Enough features for several blocks of rows and columns, of which the first is shorter. */
    private static final int FEATURES = 601;

    private static final int TOKENS = 700;
    private static final double RIDGE = 5;

    @Test
    void itsProductWithTheDampedGramMatrixIsTheIdentity() {
        float[] inputs = inputs();
        try (Scope scope = Scope.open()) {
            // Given
            GramSystem gram = GramSystem.zeros(FEATURES, scope);
            gram.add(scope.floats(inputs, TOKENS, FEATURES));
            Tensor system = gram.solvable();
            double[] h = system.doubles();

            // When
            double[] inverse =
                    new ImportanceKernels(scope).dampedInverse(system, RIDGE).doubles();

            // Then
            for (int row = 0; row < FEATURES; row += 50) {
                for (int column = 0; column < FEATURES; column++) {
                    double product = RIDGE * inverse[row * FEATURES + column];
                    for (int k = 0; k < FEATURES; k++) {
                        product += h[row * FEATURES + k] * inverse[k * FEATURES + column];
                    }
                    assertThat(product).as("%d, %d", row, column).isCloseTo(row == column ? 1 : 0, within(1e-9));
                }
            }
        }
    }

    @Test
    void aMatrixThatIsNotPositiveDefiniteIsLeftUnchanged() {
        try (Scope scope = Scope.open()) {
            // Given
            GramSystem gram = GramSystem.zeros(FEATURES, scope);
            gram.add(scope.floats(inputs(), TOKENS, FEATURES));
            Tensor system = gram.solvable();
            double[] h = system.doubles();

            // When
            Tensor inverse = new ImportanceKernels(scope).dampedInverse(system, -1e6);

            // Then
            assertThat(inverse.elements()).isZero();
            assertThat(system.doubles()).isEqualTo(h);
        }
    }

    private static float[] inputs() {
        Random random = new Random(5);
        float[] values = new float[TOKENS * FEATURES];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.3f;
        }
        return values;
    }
}
