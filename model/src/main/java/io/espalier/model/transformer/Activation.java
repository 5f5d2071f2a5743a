package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;

/** The activation function of a feed-forward block. */
public enum Activation {
    SILU("silu"),
    RELU("relu"),
    /** GELU computed with the error function. */
    GELU("gelu"),
    /** GELU approximated with tanh. */
    GELU_TANH("gelu_tanh");

    private final String kernel;

    Activation(String kernel) {
        this.kernel = kernel;
    }

    String kernel() {
        return kernel;
    }

    /**
     * The activation function that a config names.
     *
     * @param key the config's key, for the message
     * @param name the config's value
     * @throws EspalierException {@code MODEL_UNSUPPORTED} naming key and value
     */
    static Activation named(String key, String name) {
        return switch (name) {
            case "silu", "swish" -> SILU;
            case "relu" -> RELU;
            case "gelu" -> GELU;
            case "gelu_pytorch_tanh", "gelu_new", "gelu_fast" -> GELU_TANH;
            default ->
                throw new EspalierException(
                        ErrorCode.MODEL_UNSUPPORTED,
                        "config.json: %s '%s'; supported are silu, relu, gelu, gelu_pytorch_tanh".formatted(key, name));
        };
    }
}
