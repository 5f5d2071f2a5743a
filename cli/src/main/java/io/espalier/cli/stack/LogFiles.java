package io.espalier.cli.stack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Keeps the logs of earlier processes and bounds their number. {@code broker.log.1} is the log before {@code broker.log}, {@code
 * broker.log.2} the one before that.
 */
final class LogFiles {
    /** How many earlier logs of a process are kept. */
    static final int KEPT = 5;

    /** A log of this many bytes is not continued by the next process. */
    private static final long FULL = 10_000_000;

    private LogFiles() {}

    /** Makes room for a process that overwrites its log. */
    static void setAside(Path log) throws IOException {
        if (!Files.exists(log) || Files.size(log) == 0) {
            return;
        }
        for (int number = KEPT - 1; number >= 1; number--) {
            if (Files.exists(numbered(log, number))) {
                move(numbered(log, number), numbered(log, number + 1));
            }
        }
        move(log, numbered(log, 1));
    }

    /** Makes room for a process that continues its log, if the log is full. */
    static void setAsideIfFull(Path log) throws IOException {
        if (Files.exists(log) && Files.size(log) >= FULL) {
            setAside(log);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }

    private static Path numbered(Path log, int number) {
        return log.resolveSibling(log.getFileName() + "." + number);
    }
}
