package io.espalier.evaluator.llama;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder on local disk, which is deleted with all that is in it. */
public final class TemporaryFolder implements AutoCloseable {
    /** What its name begins with. */
    public static final String PREFIX = "espalier-llama-";

    private final Path path;

    private TemporaryFolder(Path path) {
        this.path = path;
    }

    /** Where the folders of this process lie: {@code java.io.tmpdir}. */
    public static Path usualRoot() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    /**
     * @param root where it is created
     * @param bytes that will be written into it at most
     * @throws LlamaFailure if fewer are free
     */
    public static TemporaryFolder create(Path root, long bytes) throws LlamaFailure {
        try {
            Path path = Files.createTempDirectory(root, PREFIX).toAbsolutePath();
            TemporaryFolder folder = new TemporaryFolder(path);
            long free = Files.getFileStore(path).getUsableSpace();
            if (free < bytes) {
                folder.close();
                throw LlamaFailure.failed(
                        "%,d bytes are needed in the folder for temporary files, %,d are free".formatted(bytes, free));
            }
            return folder;
        } catch (IOException e) {
            throw LlamaFailure.failed("there can be no temporary folder: " + e.getMessage());
        }
    }

    public Path path() {
        return path;
    }

    /** Best effort: what cannot be deleted is left to whoever cleans the temporary files of the machine. */
    @Override
    public void close() {
        List<Path> all;
        try (Stream<Path> paths = Files.walk(path)) {
            all = paths.sorted(Comparator.reverseOrder()).toList();
        } catch (IOException e) {
            return;
        }
        for (Path each : all) {
            try {
                Files.deleteIfExists(each);
            } catch (IOException e) {
                // The folder stays then.
            }
        }
    }
}
