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

    /** A process that runs the broker: warnings and errors into a file. */
    public static void toFile(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        System.setProperty(PREFIX + "logFile", file.toString());
        System.setProperty(PREFIX + "defaultLogLevel", "warn");
        System.setProperty(PREFIX + "showDateTime", "true");
        System.setProperty(PREFIX + "dateTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
    }

    /** A process that only talks to a broker: what goes wrong is told by the command itself, in one line. */
    static void none() {
        System.setProperty(PREFIX + "defaultLogLevel", "off");
    }
}
