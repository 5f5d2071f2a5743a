package io.espalier.model.transformer;

import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/** Mistral: LLaMA with an optional sliding window and without biases. */
record Mistral() implements Family {
    @Override
    public String modelType() {
        return "mistral";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        LlamaParts parts = LlamaParts.of(config, stored);
        SlidingWindow window = SlidingWindow.everywhere(config);
        return parts.model((index, shape) -> parts.layer(
                index,
                shape,
                parts.attention(
                        index,
                        shape,
                        false,
                        false,
                        AttentionScores.plain(shape.headDim()).withWindow(window.at(index))),
                parts.gated(index, shape, parts.activation(), false)));
    }
}
