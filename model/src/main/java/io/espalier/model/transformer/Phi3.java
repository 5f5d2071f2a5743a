package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/**
 * Phi-3, Phi-3 medium and Phi-4: LLaMA with one matrix for queries, keys and values, one matrix for gate and up
 * projection, and an optional sliding window.
 */
record Phi3() implements Family {
    @Override
    public String modelType() {
        return "phi3";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        if (!rotatesWholeHeads(config)) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: partial_rotary_factor: only 1 is computed; this variant of phi3 is not supported");
        }
        LlamaParts parts = LlamaParts.of(config, stored);
        SlidingWindow window = SlidingWindow.everywhere(config);
        return parts.model((index, shape) -> parts.layer(
                index,
                shape,
                parts.attention(
                        index,
                        shape,
                        new QueryKeyValue.Stacked(Linear.of(
                                parts.layer(index) + ".self_attn.qkv_proj", heads(shape), parts.width(), false)),
                        false,
                        AttentionScores.plain(shape.headDim()).withWindow(window.at(index))),
                feedForward(index, shape, parts)));
    }

    /** transformers 4 keeps the factor at the top of the config, transformers 5 among the rotary settings. */
    private static boolean rotatesWholeHeads(ModelConfig config) {
        String key = "partial_rotary_factor";
        return config.doubleOr(key, 1) == 1 && config.rotary().parameter(key).asDouble(1) == 1;
    }

    private static Axis heads(LayerShape shape) {
        return LlamaParts.queries(shape).followedBy(LlamaParts.keys(shape)).followedBy(LlamaParts.keys(shape));
    }

    private static FeedForward feedForward(int index, LayerShape shape, LlamaParts parts) {
        String mlp = parts.layer(index) + ".mlp";
        Axis channels = LlamaParts.channels(shape);
        return new FeedForward.GatedStacked(
                Linear.of(mlp + ".gate_up_proj", channels.followedBy(channels), parts.width(), false),
                parts.activation(),
                Linear.of(mlp + ".down_proj", parts.width(), channels, false));
    }
}
