package io.espalier.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.benchmarks.shape.RandomCheckpoint;
import io.espalier.benchmarks.shape.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs on Linux only, because only there the benchmarks can read a process's memory. */
@EnabledOnOs(OS.LINUX)
class FreshJvmIT {
    @Test
    void itsNumbersAndItsFilesComeBack(@TempDir Path folder) throws IOException {
        // Given
        Path checkpoint = RandomCheckpoint.in(folder, Shape.TINY, line -> {});
        Path scratch = Files.createDirectory(folder.resolve("scratch"));
        Work work = new Work(checkpoint, scratch, 2, 16, 1, 1, 0, 8, 0);

        // When
        Measured measured = new FreshJvm().run(Measure.SCORE_ACTIVATION, work);

        // Then
        assertThat(measured.get("threads")).isEqualTo(1);
        assertThat(measured.get("seconds")).isPositive();
        assertThat(measured.get(Measured.PEAK)).isGreaterThan((double) Shape.TINY.bytes());
        assertThat(scratch.resolve("scores.safetensors")).exists();
    }
}
