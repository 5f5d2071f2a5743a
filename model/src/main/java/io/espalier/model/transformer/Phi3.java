package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.Set;

/**
 * Phi-3, Phi-3 medium, Phi-3.5 and Phi-4: LLaMA with one matrix for queries, keys and values, one matrix for gate and up
 * projection, an optional sliding window, and rotation of a part of each head where the config says so.
 */
record Phi3() implements Family {
    @Override
    public String modelType() {
        return "phi3";
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
                        new QueryKeyValue.Stacked(Linear.of(
                                parts.layer(index) + ".self_attn.qkv_proj", heads(shape), parts.width(), false)),
                        false,
                        AttentionScores.plain(shape.headDim()).withWindow(window.at(index))),
                feedForward(index, shape, parts)));
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
