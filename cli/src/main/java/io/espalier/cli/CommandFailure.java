package io.espalier.cli;

import io.espalier.base.EspalierException;
import java.io.Serial;

/** The failure of a command. It has one line for people and an exit code for scripts. */
public final class CommandFailure extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int exitCode;
    private final String code;

    private CommandFailure(int exitCode, String code, String message, Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
        this.code = code;
    }

    private CommandFailure(int exitCode, String code, String message) {
        super(message);
        this.exitCode = exitCode;
        this.code = code;
    }

    /** A failure because the request, an option or the name of a job is not valid. */
    public static CommandFailure invalid(EspalierException cause) {
        return new CommandFailure(ExitCode.INVALID, cause.code().name(), String.valueOf(cause.getMessage()), cause);
    }

    /** A failure because the broker or a service does not answer or cannot be started. */
    public static CommandFailure unreachable(String message) {
        return new CommandFailure(ExitCode.UNREACHABLE, "UNREACHABLE", message);
    }

    public static CommandFailure unreachable(String message, Throwable cause) {
        return new CommandFailure(ExitCode.UNREACHABLE, "UNREACHABLE", message, cause);
    }

    /** A failure because the broker's log is damaged. */
    public static CommandFailure damagedLog(String message) {
        return new CommandFailure(ExitCode.UNREACHABLE, "LOG_DAMAGED", message);
    }

    public int exitCode() {
        return exitCode;
    }

    /** The line for people: the error code, the cause and the remedy. */
    public String line() {
        return code + ": " + String.valueOf(getMessage()).replaceAll("\\s*\\R\\s*", " ");
    }
}
