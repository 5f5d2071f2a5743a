package io.espalier.model.transformer;

import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/** Qwen3: LLaMA with a norm of each query head and one of each key head. All heads of a layer share the norm's weight. */
record Qwen3() implements Family {
    @Override
    public String modelType() {
        return "qwen3";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        LlamaParts parts = LlamaParts.of(config, stored);
        SlidingWindow window = Qwen2.window(config);
        boolean biased = config.boolOr("attention_bias", false);
        return parts.model((index, shape) -> {
            String attention = parts.layer(index) + ".self_attn";
            Axis head = Axis.fixed(shape.headDim());
            AttentionScores scores = AttentionScores.plain(shape.headDim()).withWindow(window.at(index));
            return parts.layer(
                    index,
                    shape,
                    parts.attention(index, shape, biased, biased, scores)
                            .withNorms(
                                    parts.norm(attention + ".q_norm", head), parts.norm(attention + ".k_norm", head)),
                    parts.gated(index, shape, parts.activation(), false));
        });
    }
}
