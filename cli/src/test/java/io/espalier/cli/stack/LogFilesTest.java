package io.espalier.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFilesTest {
    @TempDir
    Path folder;

    @Test
    void theNewestLogsOfEarlierProcessesAreKept() throws Exception {
        // Given
        Path log = folder.resolve("broker.log");
        for (int run = 1; run <= LogFiles.KEPT + 2; run++) {
            Files.writeString(log, "run " + run);

            // When
            LogFiles.setAside(log);
        }

        // Then
        assertThat(log).doesNotExist();
        assertThat(folder.resolve("broker.log.1")).hasContent("run 7");
        assertThat(folder.resolve("broker.log.5")).hasContent("run 3");
        assertThat(folder).isDirectoryNotContaining("glob:**broker.log.6");
    }

    @Test
    void anEmptyLogIsNotKept() throws Exception {
        // Given
        Path log = Files.createFile(folder.resolve("broker.log"));

        // When
        LogFiles.setAside(log);

        // Then
        assertThat(folder).isDirectoryNotContaining("glob:**broker.log.1");
    }

    @Test
    void onlyAFullLogIsNotContinued() throws Exception {
        // Given
        Path small = Files.writeString(folder.resolve("pruner.log"), "a line\n");
        Path full = Files.writeString(folder.resolve("scorer-1.log"), "the first line\n");
        try (RandomAccessFile grow = new RandomAccessFile(full.toFile(), "rw")) {
            grow.setLength(10_000_000);
        }

        // When
        LogFiles.setAsideIfFull(small);
        LogFiles.setAsideIfFull(full);

        // Then
        assertThat(small).exists();
        assertThat(full).doesNotExist();
        assertThat(folder.resolve("scorer-1.log.1")).exists();
    }
}
