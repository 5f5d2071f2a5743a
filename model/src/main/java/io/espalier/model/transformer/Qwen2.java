package io.espalier.model.transformer;

import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/** Qwen2 and 2.5: LLaMA with biases on queries, keys and values. The upper layers may have a sliding window. */
record Qwen2() implements Family {
    @Override
    public String modelType() {
        return "qwen2";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        LlamaParts parts = LlamaParts.of(config, stored);
        SlidingWindow window = window(config);
        return parts.model((index, shape) -> parts.layer(
                index,
                shape,
                parts.attention(
                        index,
                        shape,
                        true,
                        false,
                        AttentionScores.plain(shape.headDim()).withWindow(window.at(index))),
                parts.gated(index, shape, parts.activation(), false)));
    }

    /** The window size is used only if {@code use_sliding_window} is true. */
    static SlidingWindow window(ModelConfig config) {
        if (!config.boolOr("use_sliding_window", false)) {
            return SlidingWindow.none();
        }
        int first = config.intOr("max_window_layers", 28);
        return SlidingWindow.of(config, layer -> layer >= first);
    }
}
