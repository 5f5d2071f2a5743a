package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/**
 * Gemma 2: Gemma with a norm after each half too, soft caps on attention scores and logits, its own query scale, and a
 * sliding window in every second layer.
 */
record Gemma2() implements Family {
    @Override
    public String modelType() {
        return "gemma2";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        return model(
                Gemma.parts(config, stored),
                SlidingWindow.of(config, layer -> layer % 2 == 0),
                config.doubleOr("attn_logit_softcapping", 0),
                (index, shape, attention) -> attention);
    }

    /** What a descendant does otherwise in the attention of a layer. */
    @FunctionalInterface
    interface Changed {
        Attention of(int index, LayerShape shape, Attention attention);
    }

    /** @param cap soft cap of the attention scores; 0 means none */
    static ModelLayout model(LlamaParts parts, SlidingWindow window, double cap, Changed changed) {
        ModelConfig config = parts.config();
        boolean biased = config.boolOr("attention_bias", false);
        double scale = 1 / Math.sqrt(config.doubleOr("query_pre_attn_scalar", 256));
        String activation = config.textOr("hidden_activation", "gelu_pytorch_tanh");
        return parts.model(
                Gemma.embeddingScale(config),
                (index, shape) -> {
                    AttentionScores scores =
                            AttentionScores.plain(shape.headDim()).withWindow(window.at(index));
                    Attention attention =
                            parts.attention(index, shape, biased, biased, scores.withScaleAndCap(scale, cap));
                    return parts.layerBetweenNorms(
                            index,
                            shape,
                            changed.of(index, shape, attention),
                            parts.gated(index, shape, Activation.named("hidden_activation", activation), false));
                },
                1,
                config.doubleOr("final_logit_softcapping", 0));
    }
}
