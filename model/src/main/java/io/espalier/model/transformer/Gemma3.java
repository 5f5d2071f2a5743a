package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/**
 * Gemma 3, its text model: Gemma 2 with a norm of each query and key head, without a cap of attention scores. Usually five of
 * six layers have a sliding window, and these rotate with settings of their own.
 */
record Gemma3() implements Family {
    @Override
    public String modelType() {
        return "gemma3_text";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        LlamaParts parts = Gemma.parts(config, stored);
        SlidingWindow window = window(config);
        // Its config has a cap of attention scores, too, but no version of transformers applies it.
        return Gemma2.model(parts, window, 0, (index, shape, attention) -> {
            String module = parts.layer(index) + ".self_attn";
            Axis head = Axis.fixed(shape.headDim());
            return attention
                    .withNorms(parts.norm(module + ".q_norm", head), parts.norm(module + ".k_norm", head))
                    .withRotation(parts.rotation(config.rotary(window.slides().test(index)), shape));
        });
    }

    private static SlidingWindow window(ModelConfig config) {
        SlidingWindow window = SlidingWindow.of(config, layer -> false);
        for (int layer = 0; layer < config.layers().size(); layer++) {
            if (window.slides().test(layer) && window.size() == 0) {
                throw new EspalierException(
                        ErrorCode.MODEL_CORRUPT,
                        "config.json: sliding_window: missing, but layer_types of layer %d is sliding_attention"
                                .formatted(layer));
            }
        }
        return window;
    }
}
