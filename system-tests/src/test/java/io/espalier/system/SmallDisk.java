package io.espalier.system;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A folder that holds 64 MB: a tmpfs, which only root may mount, and only on Linux. */
final class SmallDisk implements AutoCloseable {
    private static final long BYTES = 64 << 20;

    private final Path folder;
    private final Path filler;

    private SmallDisk(Path folder) {
        this.folder = folder;
        this.filler = folder.resolve("reports").resolve("filler");
    }

    /**
     * Lays the disk over a folder, which is seen again when the disk is closed.
     *
     * @return empty where this process may not mount
     */
    static Optional<SmallDisk> over(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        return run("mount", "-t", "tmpfs", "-o", "size=" + BYTES, "tmpfs", folder.toString())
                ? Optional.of(new SmallDisk(folder))
                : Optional.empty();
    }

    /** Fills the disk up but for so many bytes. */
    void leave(long bytes) throws IOException {
        Files.createDirectories(filler.getParent());
        long free = Files.getFileStore(folder).getUsableSpace();
        try (OutputStream out = Files.newOutputStream(filler)) {
            out.write(new byte[(int) (free - bytes)]);
        }
    }

    /** Frees what {@link #leave} has taken. */
    void free() throws IOException {
        Files.delete(filler);
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        try {
            Process process = new ProcessBuilder(List.of(command)).inheritIO().start();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (!run("umount", folder.toString())) {
            throw new IOException("cannot unmount " + folder);
        }
    }
}
