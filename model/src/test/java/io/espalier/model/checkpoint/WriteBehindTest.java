package io.espalier.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteBehindTest {
    private static final TensorInfo FIRST = TensorInfo.of("first", DType.F32, 2);
    private static final TensorInfo SECOND = TensorInfo.of("second", DType.F32, 2);

    @TempDir
    private Path folder;

    private final List<String> released = new ArrayList<>();

    @Test
    void everythingIsWrittenAndFreedWhenItIsClosed() {
        try (CheckpointWriter out = CheckpointWriter.create(folder, List.of(FIRST, SECOND))) {
            // When
            try (WriteBehind writing = new WriteBehind(out)) {
                writing.write("first", bytes(), () -> released.add("first"));
                writing.write("second", bytes(), () -> released.add("second"));
            }

            // Then
            assertThat(released).containsExactly("first", "second");
            assertThat(out.finish()).hasSize(1);
        }
    }

    @Test
    void aTensorThatCannotBeWrittenStopsTheNextAndNothingStaysInMemory() {
        try (CheckpointWriter out = CheckpointWriter.create(folder, List.of(FIRST, SECOND));
                WriteBehind writing = new WriteBehind(out)) {
            writing.write("first", ByteBuffer.allocate(3), () -> released.add("first"));

            // When
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writing.write("second", bytes(), () -> released.add("second")))
                    .withMessageContaining("first");

            // Then
            assertThat(released).containsExactly("first", "second");
        }
    }

    private static ByteBuffer bytes() {
        return ByteBuffer.allocate(8);
    }
}
