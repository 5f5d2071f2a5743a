package io.espalier.benchmarks.shape;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks for free disk space before anything is written. */
public final class DiskRoom {
    private DiskRoom() {}

    /** @throws EspalierException {@code DISK_FULL} when fewer bytes than needed are free */
    public static void require(Path folder, long bytes) throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < bytes) {
            throw new EspalierException(
                    ErrorCode.DISK_FULL,
                    "--folder: %,d bytes are needed in %s, %,d are free; free space or give another folder"
                            .formatted(bytes, folder, free));
        }
    }
}
