package io.espalier.pipeline.stage;

/** What a stage remembers of a job cannot be read: trying again would end the same, and only another version can help. */
public final class FoldFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public FoldFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
