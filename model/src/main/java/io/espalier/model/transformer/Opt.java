package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * OPT: learned position embeddings, layer norms, biases in all linear layers, and a feed-forward block without a gate. Its 350M
 * model norms the residual stream behind each half instead of what enters it, has no final norm, and embeds tokens in fewer
 * dimensions than its layers have.
 */
record Opt() implements Family {
    /** The row of position 0 in the position embeddings. The rows before it are for padding and are not used here. */
    private static final int FIRST_POSITION = 2;

    @Override
    public String modelType() {
        return "opt";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        refuseVariants(config);
        TensorNames names = TensorNames.of(config, stored);
        String decoder = names.prefix("embed_tokens.weight", "model.decoder.", "decoder.");
        Axis width = Axis.fixed(config.hiddenSize());
        Axis vocabulary = Axis.fixed(config.vocabSize());
        int embedded = config.intOr("word_embed_proj_dim", config.hiddenSize());
        boolean projected = embedded != config.hiddenSize();
        Axis narrow = Axis.fixed(embedded);
        Parameter tokens = Parameter.matrix(decoder + "embed_tokens.weight", vocabulary, narrow);
        Parameter positions = Parameter.matrix(
                decoder + "embed_positions.weight", Axis.fixed(config.maxPositions() + FIRST_POSITION), width);
        boolean normedBefore = config.boolOr("do_layer_norm_before", true);
        List<LayerLayout> layers = new ArrayList<>();
        for (LayerShape shape : config.layers()) {
            layers.add(layer(decoder + "layers." + layers.size(), layers.size(), shape, config, normedBefore));
        }
        return new ModelLayout(
                modelType(),
                config.hiddenSize(),
                config.vocabSize(),
                new Embedding(
                        tokens,
                        projected ? Parameter.matrix(decoder + "project_in.weight", width, narrow) : null,
                        1,
                        new Embedding.LearnedPositions(positions, FIRST_POSITION),
                        null),
                layers,
                new Output(
                        normedBefore ? Norm.Layer.of(decoder + "final_layer_norm", width, config.normEpsilon()) : null,
                        projected ? Parameter.matrix(decoder + "project_out.weight", narrow, width) : null,
                        1,
                        names.outputEmbedding(config, tokens, "lm_head.weight"),
                        0));
    }

    private static LayerLayout layer(
            String layer, int index, LayerShape shape, ModelConfig config, boolean normedBefore) {
        boolean biased = config.boolOr("enable_bias", true);
        Axis width = Axis.fixed(config.hiddenSize());
        Axis heads = LlamaParts.keys(shape);
        Axis channels = LlamaParts.channels(shape);
        String attention = layer + ".self_attn";
        Norm first = Norm.Layer.of(layer + ".self_attn_layer_norm", width, config.normEpsilon());
        Norm second = Norm.Layer.of(layer + ".final_layer_norm", width, config.normEpsilon());
        return new LayerLayout(
                index,
                shape,
                new Attention(
                        shape,
                        null,
                        new QueryKeyValue.Separate(
                                Linear.of(attention + ".q_proj", heads, width, biased),
                                Linear.of(attention + ".k_proj", heads, width, biased),
                                Linear.of(attention + ".v_proj", heads, width, biased)),
                        AttentionScores.plain(shape.headDim()),
                        Linear.of(attention + ".out_proj", width, heads, biased)),
                normedBefore ? Residual.of(first) : Residual.before(first),
                new FeedForward.Plain(
                        Linear.of(layer + ".fc1", channels, width, biased),
                        Activation.named("activation_function", config.textOr("activation_function", "relu")),
                        Linear.of(layer + ".fc2", width, channels, biased)),
                normedBefore ? Residual.of(second) : Residual.before(second));
    }

    private static void refuseVariants(ModelConfig config) {
        if (config.boolOr("_remove_final_layer_norm", false)) {
            throw refused("_remove_final_layer_norm: true");
        }
        if (!config.boolOr("layer_norm_elementwise_affine", true)) {
            throw refused("layer_norm_elementwise_affine: false");
        }
    }

    private static EspalierException refused(String what) {
        return new EspalierException(
                ErrorCode.MODEL_UNSUPPORTED, "config.json: " + what + "; this variant of opt is not supported");
    }
}
