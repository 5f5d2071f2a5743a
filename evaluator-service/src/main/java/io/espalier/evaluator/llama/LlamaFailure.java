package io.espalier.evaluator.llama;

/** Why llama.cpp measured nothing. */
public final class LlamaFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean unusable;

    private LlamaFailure(boolean unusable, String reason) {
        super(reason);
        this.unusable = unusable;
    }

    /** llama.cpp is of no use for these models or on this machine, as is known before anything is measured. */
    public static LlamaFailure unusable(String reason) {
        return new LlamaFailure(true, reason);
    }

    /** It should have worked. */
    public static LlamaFailure failed(String reason) {
        return new LlamaFailure(false, reason);
    }

    public boolean isUnusable() {
        return unusable;
    }

    public String reason() {
        return String.valueOf(getMessage());
    }
}
