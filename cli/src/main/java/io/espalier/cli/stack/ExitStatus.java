package io.espalier.cli.stack;

import java.util.Map;

/** Describes the exit value of a child process. */
final class ExitStatus {
    /** If a signal ended a child, its exit value is this number plus the number of the signal, as in a shell. */
    private static final int SIGNAL = 128;

    /** The signals that have the same number on every system, and SIGBUS, which has 7 on Linux and 10 on BSD and macOS. */
    private static final Map<Integer, String> SIGNALS = Map.of(
            1,
            "SIGHUP",
            2,
            "SIGINT",
            6,
            "SIGABRT",
            isLinux() ? 7 : 10,
            "SIGBUS",
            9,
            "SIGKILL",
            11,
            "SIGSEGV",
            15,
            "SIGTERM");

    private ExitStatus() {}

    private static boolean isLinux() {
        return System.getProperty("os.name").startsWith("Linux");
    }

    /** The description, for example {@code stopped with exit code 1} or {@code was stopped by signal 9 (SIGKILL)}. */
    static String words(int exitValue) {
        int signal = exitValue - SIGNAL;
        return SIGNALS.containsKey(signal)
                ? "was stopped by signal %d (%s)".formatted(signal, SIGNALS.get(signal))
                : "stopped with exit code " + exitValue;
    }
}
