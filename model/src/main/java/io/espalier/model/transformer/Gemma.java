package io.espalier.model.transformer;

import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/** Gemma: gated GELU, norm weights stored less one, embeddings times √d. */
record Gemma() implements Family {
    @Override
    public String modelType() {
        return "gemma";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        LlamaParts parts = parts(config);
        boolean biased = config.boolOr("attention_bias", false);
        return parts.model(
                embeddingScale(config),
                (index, shape) -> parts.layer(
                        index,
                        shape,
                        parts.attention(index, shape, biased, biased, AttentionScores.plain(shape.headDim())),
                        // The released config says "gelu" and means the approximation.
                        parts.gated(index, shape, Activation.GELU_TANH, false)),
                0);
    }

    static LlamaParts parts(ModelConfig config) {
        return new LlamaParts(config, 1);
    }

    static double embeddingScale(ModelConfig config) {
        return Math.sqrt(config.hiddenSize());
    }
}
