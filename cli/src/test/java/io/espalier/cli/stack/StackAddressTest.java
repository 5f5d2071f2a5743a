package io.espalier.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StackAddressTest {
    private static final StackAddress.Service SCORER =
            new StackAddress.Service("scorer-1", 7, "http://127.0.0.1:1", "127.0.0.1:2", "scorer-1.log");

    @TempDir
    Path state;

    @Test
    void theAddressOfALivingStackIsFound() throws Exception {
        // Given
        StackAddress address =
                new StackAddress(ProcessHandle.current().pid(), "127.0.0.1:9092", "artifacts", List.of(SCORER));
        address.write(state);

        // When
        var found = StackAddress.find(state);

        // Then
        assertThat(found).contains(address);
    }

    @Test
    void whatAKilledStackLeftBehindIsIgnored() throws Exception {
        // Given
        Process ended = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-version")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        ended.waitFor();
        new StackAddress(ended.pid(), "127.0.0.1:9092", "artifacts", List.of()).write(state);

        // When
        var found = StackAddress.find(state);

        // Then
        assertThat(found).isEmpty();
    }

    @Test
    void aFolderWithoutAStackHasNoAddress() throws Exception {
        assertThat(StackAddress.find(state)).isEmpty();
    }
}
