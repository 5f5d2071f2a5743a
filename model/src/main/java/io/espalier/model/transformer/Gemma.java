package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/** Gemma: gated GELU, norm weights stored minus 1, embeddings multiplied by √d. */
record Gemma() implements Family {
    @Override
    public String modelType() {
        return "gemma";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        LlamaParts parts = parts(config, stored);
        boolean biased = config.boolOr("attention_bias", false);
        return parts.model(
                embeddingScale(config),
                (index, shape) -> parts.layer(
                        index,
                        shape,
                        parts.attention(index, shape, biased, biased, AttentionScores.plain(shape.headDim())),
                        // The released config says "gelu", but the model was trained with the approximation.
                        parts.gated(index, shape, Activation.GELU_TANH, false)),
                1,
                0);
    }

    static LlamaParts parts(ModelConfig config, Set<String> stored) {
        if (config.boolOr("use_bidirectional_attention", false)) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: use_bidirectional_attention: true; this is no model that continues text");
        }
        return LlamaParts.of(config, stored, 1);
    }

    static double embeddingScale(ModelConfig config) {
        return Math.sqrt(config.hiddenSize());
    }
}
