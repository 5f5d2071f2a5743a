package io.espalier.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Sets where the libraries of this process write their log. It must be called before the first library class is loaded, because
 * the logger reads its settings only once.
 */
public final class LogOutput {
    private static final String PREFIX = "org.slf4j.simpleLogger.";

    private LogOutput() {}

    /** Sends warnings and errors to a file, for a process that runs the broker. An earlier file is renamed and kept. */
    public static void toFile(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        keepEarlier(file);
        System.setProperty(PREFIX + "logFile", file.toString());
        System.setProperty(PREFIX + "defaultLogLevel", "warn");
        System.setProperty(PREFIX + "showDateTime", "true");
        System.setProperty(PREFIX + "dateTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
    }

    /** Renames an earlier file to {@code broker.log.1}, or to the next free number, because the logger would overwrite it. */
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

    /** Turns the log off, for a process that is only a client. The command itself reports each failure in one line. */
    static void none() {
        System.setProperty(PREFIX + "defaultLogLevel", "off");
    }
}
