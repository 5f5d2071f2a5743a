package io.espalier.pipeline.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

/** A folder of its own for Kafka Streams, which wants one although the state is in memory. Closing it deletes it. */
record StateFolder(Path path) implements AutoCloseable {
    static StateFolder create() {
        try {
            return new StateFolder(Files.createTempDirectory("espalier-streams-"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        try (var files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
