package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** LLaMA 1 to 3: rotary positions, RMS norms, gated SiLU; optional biases. */
record Llama() implements Family {
    @Override
    public String modelType() {
        return "llama";
    }

    @Override
    public ModelLayout layout(ModelConfig config) {
        Axis width = Axis.fixed(config.hiddenSize());
        Parameter embedding = Parameter.matrix("model.embed_tokens.weight", Axis.fixed(config.vocabSize()), width);
        List<LayerLayout> layers = new ArrayList<>();
        for (LayerShape shape : config.layers()) {
            layers.add(layer(layers.size(), shape, width, config));
        }
        return new ModelLayout(
                modelType(),
                config.hiddenSize(),
                config.vocabSize(),
                embedding,
                layers,
                norm("model.norm", width, config),
                config.tied() ? embedding : Parameter.matrix("lm_head.weight", Axis.fixed(config.vocabSize()), width));
    }

    private static LayerLayout layer(int index, LayerShape shape, Axis width, ModelConfig config) {
        String layer = "model.layers." + index;
        boolean attentionBias = config.boolOr("attention_bias", false);
        boolean mlpBias = config.boolOr("mlp_bias", false);
        Axis queries = Axis.of(UnitKind.ATTENTION, shape.attentionUnits(), shape.headsPerUnit() * shape.headDim());
        Axis keys = Axis.of(UnitKind.ATTENTION, shape.attentionUnits(), shape.headDim());
        Axis channels = Axis.of(UnitKind.FFN, shape.ffnChannels(), 1);
        return new LayerLayout(
                index,
                shape,
                norm(layer + ".input_layernorm", width, config),
                new Attention(
                        shape,
                        RotaryFrequencies.of(config.rotary(), shape.headDim()),
                        Linear.of(layer + ".self_attn.q_proj", queries, width, attentionBias),
                        Linear.of(layer + ".self_attn.k_proj", keys, width, attentionBias),
                        Linear.of(layer + ".self_attn.v_proj", keys, width, attentionBias),
                        Linear.of(layer + ".self_attn.o_proj", width, queries, attentionBias)),
                norm(layer + ".post_attention_layernorm", width, config),
                new FeedForward(
                        Linear.of(layer + ".mlp.gate_proj", channels, width, mlpBias),
                        Linear.of(layer + ".mlp.up_proj", channels, width, mlpBias),
                        Linear.of(layer + ".mlp.down_proj", width, channels, mlpBias)));
    }

    private static Norm norm(String module, Axis width, ModelConfig config) {
        return new Norm(Parameter.vector(module + ".weight", width), config.normEpsilon());
    }
}
