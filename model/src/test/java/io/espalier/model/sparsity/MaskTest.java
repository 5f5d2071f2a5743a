package io.espalier.model.sparsity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.model.file.Digests;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MaskTest {
    @Test
    void bitsStartAtTheMostSignificantAndTheLastByteIsFilledUpWithZeros() {
        Mask mask = Mask.of(2, 5, new byte[] {(byte) 0b1000_0100, (byte) 0b0100_0000});

        assertThat(mask.keeps(0, 0)).isTrue();
        assertThat(mask.keeps(1, 0)).isTrue();
        assertThat(mask.keeps(1, 4)).isTrue();
        assertThat(mask.keeps(0, 4)).isFalse();
        assertThat(mask.kept()).isEqualTo(3);
        assertThat(mask.total()).isEqualTo(10);
        assertThat(mask.sha256()).isEqualTo(Digests.sha256(mask.packed()));
    }

    @Test
    void bitsOfAnotherShapeAreRefused() {
        assertThatThrownBy(() -> Mask.of(2, 5, new byte[3])).hasMessageContaining("takes 2 bytes");
        assertThatThrownBy(() -> Mask.of(2, 5, new byte[] {0, 1})).hasMessageContaining("filled up");
    }

    /** Larger than the blocks in which bits are packed, and no multiple of a byte. */
    @Test
    void whatTheEnginePacksIsWhatItClears() {
        int rows = 361;
        int columns = 511;
        float[] values = new float[rows * columns];
        SplittableRandom random = new SplittableRandom(3);
        Arrays.setAll(new double[values.length], i -> values[i] = random.nextInt(-9, 10));
        try (Scope scope = Scope.open()) {
            Tensor weight = scope.floats(values, rows, columns);
            Tensor ones = scope.doubles(
                    IntStream.range(0, columns).mapToDouble(j -> 1).toArray());
            Mask mask = Mask.of(new SparsityKernels(scope).keptInRows(weight, ones, 7, 3), scope);

            // When
            mask.clearRemoved(weight);

            // Then
            float[] cleared = weight.floats();
            assertThat(mask.kept()).isEqualTo((long) rows * columns / 7 * 4);
            for (int i = 0; i < values.length; i++) {
                float expected = mask.keeps(i / columns, i % columns) ? values[i] : 0;
                assertThat(cleared[i]).isEqualTo(expected);
            }
        }
    }
}
