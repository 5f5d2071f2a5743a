package io.espalier.benchmarks.measure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.function.Consumer;

/** A folder that is deleted after its use. */
public final class ScratchFolder {
    private ScratchFolder() {}

    /** Creates a new folder inside the scratch folder of a piece of work. */
    static void use(Work work, Consumer<Path> use) {
        try {
            Path folder = Files.createTempDirectory(work.scratch(), "use-");
            try {
                use.accept(folder);
            } finally {
                delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make a folder in " + work.scratch(), e);
        }
    }

    /** Deletes a folder and everything in it. A missing folder is no error. */
    public static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (var paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + folder, e);
        }
    }
}
