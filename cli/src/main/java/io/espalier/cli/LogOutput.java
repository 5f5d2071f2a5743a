package io.espalier.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the libraries of this process write their log. To be said before the first of them is touched: the logger
 * reads its settings once.
 */
public final class LogOutput {
    private static final String PREFIX = "org.slf4j.simpleLogger.";

    private LogOutput() {}

    /** A process that runs the broker: warnings and errors into a file, from whose way an earlier one is moved. */
    public static void toFile(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        keepEarlier(file);
        System.setProperty(PREFIX + "logFile", file.toString());
        System.setProperty(PREFIX + "defaultLogLevel", "warn");
        System.setProperty(PREFIX + "showDateTime", "true");
        System.setProperty(PREFIX + "dateTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
    }

    /** The logger would overwrite the file; this makes it {@code broker.log.1}, or the next number that is free. */
    static void keepEarlier(Path file) throws IOException {
        if (!Files.exists(file) || Files.size(file) == 0) {
            return;
        }
        int number = 1;
        while (Files.exists(numbered(file, number))) {
            number++;
        }
        Files.move(file, numbered(file, number));
    }

    private static Path numbered(Path file, int number) {
        return file.resolveSibling(file.getFileName() + "." + number);
    }

    /** A process that only talks to a broker: what goes wrong is told by the command itself, in one line. */
    static void none() {
        System.setProperty(PREFIX + "defaultLogLevel", "off");
    }
}
