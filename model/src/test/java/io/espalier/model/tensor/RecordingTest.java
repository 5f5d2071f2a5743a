package io.espalier.model.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordingTest {
    private static final int POSITIONS = 256;
    private static final int HEAD = 64;

    @Test
    void aRecordedComputationOutlivesTheScopeOfTheJavaArraysItWasGiven() {
        try (Scope scope = Scope.open();
                Recording recording = Recording.open()) {
            Kernels kernels = new Kernels(scope);
            Tensor x = kernels.variable(scope.floats(filled(1, HEAD), 1, 1, POSITIONS, HEAD));
            Tensor y;
            try (Scope angles = Scope.open()) {
                int half = HEAD / 2;
                y = kernels.rotate(
                        x,
                        angles.floats(filled(2, half), POSITIONS, half),
                        angles.floats(filled(0, half), POSITIONS, half));
            }
            overwriteWhatTheCollectorFrees();

            Tensor gradient = kernels.gradients(y, scope.floats(filled(1, HEAD), 1, 1, POSITIONS, HEAD), List.of(x))
                    .get(0);

            assertThat(gradient.floats()).containsOnly(2);
        }
    }

    private static void overwriteWhatTheCollectorFrees() {
        for (int round = 0; round < 10; round++) {
            System.gc();
            List<ByteBuffer> taken = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                ByteBuffer buffer = ByteBuffer.allocateDirect(POSITIONS * HEAD * Float.BYTES);
                while (buffer.hasRemaining()) {
                    buffer.put((byte) 0x7f);
                }
                taken.add(buffer);
            }
            assertThat(taken).hasSize(200);
        }
    }

    private static float[] filled(float value, int width) {
        float[] values = new float[POSITIONS * width];
        Arrays.fill(values, value);
        return values;
    }
}
