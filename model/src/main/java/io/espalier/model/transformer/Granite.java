package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/** Granite 3: LLaMA with factors of its own on embeddings, attention scores, what each half adds, and logits. */
record Granite() implements Family {
    @Override
    public String modelType() {
        return "granite";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        LlamaParts parts = LlamaParts.of(config, stored);
        boolean attentionBias = config.boolOr("attention_bias", false);
        boolean mlpBias = config.boolOr("mlp_bias", false);
        double attentionScale = config.doubleOr("attention_multiplier", 1);
        double residualScale = config.doubleOr("residual_multiplier", 1);
        double divisor = config.doubleOr("logits_scaling", 1);
        if (!(divisor > 0)) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT, "config.json: logits_scaling: must be positive, was " + divisor);
        }
        return parts.model(
                config.doubleOr("embedding_multiplier", 1),
                (index, shape) -> {
                    AttentionScores scores =
                            AttentionScores.plain(shape.headDim()).withScaleAndCap(attentionScale, 0);
                    return parts.layer(
                            index,
                            shape,
                            parts.attention(index, shape, attentionBias, attentionBias, scores),
                            parts.gated(index, shape, parts.activation(), mlpBias),
                            residualScale);
                },
                1 / divisor,
                0);
    }
}
