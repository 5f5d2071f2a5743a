package io.espalier.model.file;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Distinguishes a full disk from other write failures. Java has no exception type for it, so the message decides. */
public final class DiskSpace {
    private DiskSpace() {}

    /** @throws EspalierException {@code DISK_FULL} when fewer bytes than asked for are free */
    public static void require(Path folder, long bytes) throws IOException {
        long usable = Files.getFileStore(folder).getUsableSpace();
        if (usable < bytes) {
            throw new EspalierException(
                    ErrorCode.DISK_FULL,
                    "artifact root: %d bytes needed, %d free; free space and send the request under another id"
                            .formatted(bytes, usable));
        }
    }

    /** The exception for a failed write: {@code DISK_FULL}, or {@code INTERNAL} for any other cause. */
    public static EspalierException failure(Path folder, IOException e) {
        String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        boolean full = message.contains("no space left")
                || message.contains("not enough space")
                || message.contains("quota exceeded");
        if (e instanceof AccessDeniedException) {
            return new EspalierException(
                    ErrorCode.INTERNAL,
                    "artifact root: the service's user may not write in %s; give it the folder and send the request under another id"
                            .formatted(folder.getFileName()),
                    e);
        }
        return full
                ? new EspalierException(
                        ErrorCode.DISK_FULL,
                        "artifact root: no space left; free space and send the request under another id",
                        e)
                : new EspalierException(
                        ErrorCode.INTERNAL, "artifact root: cannot write in " + folder.getFileName(), e);
    }
}
