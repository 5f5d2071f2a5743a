package io.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogOutputTest {
    @TempDir
    Path folder;

    @Test
    void theLogsOfEarlierProcessesAreKeptBesideTheNewOne() throws Exception {
        // Given
        Path log = folder.resolve("broker.log");
        Files.writeString(log, "first");
        LogOutput.keepEarlier(log);
        Files.writeString(log, "second");

        // When
        LogOutput.keepEarlier(log);

        // Then
        assertThat(log).doesNotExist();
        assertThat(folder.resolve("broker.log.1")).hasContent("first");
        assertThat(folder.resolve("broker.log.2")).hasContent("second");
    }
}
