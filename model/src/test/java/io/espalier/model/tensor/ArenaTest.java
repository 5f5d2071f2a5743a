package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ArenaTest {
    @Test
    void tensorsLieSideBySideAndAClearedArenaIsUsedAgain() {
        try (Arena arena = new Arena(Arena.aligned(3) + Arena.aligned(2));
                Scope scope = Scope.open()) {
            Tensor three = filled(arena, scope, 1, 2, 3);
            Tensor two = filled(arena, scope, 4, 5);
            float[] before = three.floats();
            arena.clear();

            // When
            Tensor other = filled(arena, scope, 6, 7);

            // Then
            assertThat(before).containsExactly(1, 2, 3);
            assertThat(two.floats()).containsExactly(4, 5);
            assertThat(other.floats()).containsExactly(6, 7);
            assertThat(three.floats()).as("what stood there before").containsExactly(6, 7, 3);
        }
    }

    @Test
    void moreElementsThanItsCapacityAreRefused() {
        try (Arena arena = new Arena(40);
                Scope scope = Scope.open()) {
            arena.reserve(30, ComputeType.FP32, scope);

            assertThatThrownBy(() -> arena.reserve(9, ComputeType.FP32, scope))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("32 of 40 elements are taken, 9 more do not fit");
        }
    }

    private static Tensor filled(Arena arena, Scope scope, float... values) {
        Tensor tensor = arena.reserve(values.length, ComputeType.FP32, scope);
        new Kernels(scope).replace(tensor, scope.floats(values, values.length));
        return tensor;
    }
}
