package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * GPT-NeoX and Pythia: layer norms, biases, one matrix in which the query, key and value of a head follow each other, rotation
 * of a part of each head, and attention and feed-forward block side by side.
 */
record GptNeox() implements Family {
    @Override
    public String modelType() {
        return "gpt_neox";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        TensorNames names = TensorNames.of(config, stored);
        String prefix = names.prefix("embed_in.weight", "gpt_neox.", "");
        Axis width = Axis.fixed(config.hiddenSize());
        Axis vocabulary = Axis.fixed(config.vocabSize());
        Parameter tokens = Parameter.matrix(prefix + "embed_in.weight", vocabulary, width);
        List<LayerLayout> layers = new ArrayList<>();
        for (LayerShape shape : config.layers()) {
            layers.add(layer(prefix + "layers." + layers.size(), layers.size(), shape, config));
        }
        return new ModelLayout(
                modelType(),
                config.hiddenSize(),
                config.vocabSize(),
                Embedding.scaled(tokens, 1),
                layers,
                Output.of(
                        Norm.Layer.of(prefix + "final_layer_norm", width, config.normEpsilon()),
                        names.outputEmbedding(config, tokens, "embed_out.weight", "lm_head.weight")));
    }

    private static LayerLayout layer(String layer, int index, LayerShape shape, ModelConfig config) {
        boolean biased = config.boolOr("attention_bias", true);
        Axis width = Axis.fixed(config.hiddenSize());
        Axis channels = LlamaParts.channels(shape);
        Axis fused = Axis.of(UnitKind.ATTENTION, shape.attentionUnits(), 3 * shape.headDim());
        return new LayerLayout(
                index,
                shape,
                new Attention(
                        shape,
                        Rotation.of(config.rotary(), shape.headDim()),
                        new QueryKeyValue.Interleaved(
                                Linear.of(layer + ".attention.query_key_value", fused, width, biased)),
                        AttentionScores.plain(shape.headDim()),
                        Linear.of(layer + ".attention.dense", width, LlamaParts.keys(shape), biased)),
                Residual.of(Norm.Layer.of(layer + ".input_layernorm", width, config.normEpsilon())),
                new FeedForward.Plain(
                        Linear.of(layer + ".mlp.dense_h_to_4h", channels, width, true),
                        Activation.named("hidden_act", config.textOr("hidden_act", "gelu")),
                        Linear.of(layer + ".mlp.dense_4h_to_h", width, channels, true)),
                Residual.of(Norm.Layer.of(layer + ".post_attention_layernorm", width, config.normEpsilon())),
                config.boolOr("use_parallel_residual", true));
    }
}
