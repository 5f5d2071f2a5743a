package io.espalier.model.transformer;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/** SmolLM3: LLaMA in which some layers, usually every fourth, have no rotary positions. */
record SmolLm3() implements Family {
    @Override
    public String modelType() {
        return "smollm3";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        LlamaParts parts = LlamaParts.of(config, stored);
        boolean attentionBias = config.boolOr("attention_bias", false);
        boolean mlpBias = config.boolOr("mlp_bias", false);
        SlidingWindow window = SlidingWindow.of(config, layer -> false);
        JsonNode rotated = config.decoder().path("no_rope_layers");
        return parts.model((index, shape) -> {
            AttentionScores scores = AttentionScores.plain(shape.headDim()).withWindow(window.at(index));
            Attention attention = parts.attention(index, shape, attentionBias, attentionBias, scores);
            // Despite its name the list has a 1 for each layer that is rotated.
            boolean rotates = rotated.path(index).asInt() != 0;
            return parts.layer(
                    index,
                    shape,
                    rotates ? attention : attention.withRotation(null),
                    parts.gated(index, shape, parts.activation(), mlpBias));
        });
    }
}
