package io.espalier.model.file;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks a file before it is opened. To open or to read a pipe or a device can block for ever. */
public final class RegularFile {
    private RegularFile() {}

    /**
     * Requires that a path, its links followed, leads to a regular file.
     *
     * @param code of the refusal
     * @param what the field of the request or the name of the file, for the message
     * @return the path
     */
    public static Path require(Path file, ErrorCode code, String what) {
        if (!Files.exists(file)) {
            throw new EspalierException(code, what + ": missing; there is no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw new EspalierException(
                    code, what + ": no regular file; folders, pipes and devices are not read, put a file in its place");
        }
        return file;
    }
}
