package io.espalier.base;

import java.util.regex.Pattern;

/** A failure a user can act on: its message names the field, file or tensor and says what to do. */
public class EspalierException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final int MAX_CHARS = 1_000;
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");
    private static final Pattern NEW_LINE = Pattern.compile("\\s*\\R\\s*");

    private final ErrorCode code;

    /** @param message one line; what is no printable character of it becomes a question mark, and what is too long is cut */
    public EspalierException(ErrorCode code, String message) {
        super(shown(message));
        this.code = code;
    }

    public EspalierException(ErrorCode code, String message, Throwable cause) {
        super(shown(message), cause);
        this.code = code;
    }

    public ErrorCode code() {
        return code;
    }

    /** Messages quote what came from outside, and stand in logs, events and headers. */
    private static String shown(String message) {
        String line =
                UNPRINTABLE.matcher(NEW_LINE.matcher(message).replaceAll(" ")).replaceAll("?");
        return line.length() <= MAX_CHARS ? line : line.substring(0, MAX_CHARS - 1) + "…";
    }
}
