package io.espalier.base;

/** A failure a user can act on: its message names the field, file or tensor and says what to do. */
public class EspalierException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    public EspalierException(ErrorCode code, String message) {
        super(message);
        this.code = code;
    }

    public EspalierException(ErrorCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public ErrorCode code() {
        return code;
    }
}
