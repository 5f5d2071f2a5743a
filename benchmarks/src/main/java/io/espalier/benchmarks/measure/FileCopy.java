package io.espalier.benchmarks.measure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/** Copies a folder with the system's own command, until the copy is on disk. */
final class FileCopy {
    private FileCopy() {}

    /** @param to the target folder, which is replaced if it exists */
    static void run(Path from, Path to) {
        String script = "rm -rf \"$2\" && cp -r --reflink=never \"$1\" \"$2\" && sync \"$2\"/*";
        try {
            int exit = new ProcessBuilder(List.of("sh", "-c", script, "copy", from.toString(), to.toString()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IOException("cp ended with exit code " + exit);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot copy " + from, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while copying", e);
        }
    }
}
