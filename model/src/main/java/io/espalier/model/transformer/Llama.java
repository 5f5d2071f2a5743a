package io.espalier.model.transformer;

import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/** LLaMA 1 to 3: rotary position embeddings, RMS norms, gated SiLU and optional biases. */
record Llama() implements Family {
    @Override
    public String modelType() {
        return "llama";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        LlamaParts parts = LlamaParts.of(config, stored);
        boolean attentionBias = config.boolOr("attention_bias", false);
        boolean mlpBias = config.boolOr("mlp_bias", false);
        return parts.model((index, shape) -> parts.layer(
                index,
                shape,
                parts.attention(index, shape, attentionBias, attentionBias, AttentionScores.plain(shape.headDim())),
                parts.gated(index, shape, parts.activation(), mlpBias)));
    }
}
