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

    /**
     * Sends warnings and errors to a file, for a process that runs the broker. The logger opens the file when the first library
     * writes to it. So nothing happens to the file of a running stack before a second stack on the same folder is refused.
     */
    public static void toFile(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        System.setProperty(PREFIX + "logFile", file.toString());
        System.setProperty(PREFIX + "defaultLogLevel", "warn");
        System.setProperty(PREFIX + "showDateTime", "true");
        System.setProperty(PREFIX + "dateTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
    }

    /** Turns the log off, for a process that is only a client. The command itself reports each failure in one line. */
    static void none() {
        System.setProperty(PREFIX + "defaultLogLevel", "off");
    }
}
