package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * BLOOM: ALiBi, one matrix in which the query, key and value of a head follow each other, a norm after the embedding, and
 * GELU.
 */
record Bloom() implements Family {
    @Override
    public String modelType() {
        return "bloom";
    }

    @Override
    public ModelLayout layout(ModelConfig config, Set<String> stored) {
        if (config.boolOr("apply_residual_connection_post_layernorm", false)) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: apply_residual_connection_post_layernorm: true; this variant of bloom is not supported");
        }
        TensorNames names = TensorNames.of(config, stored);
        String prefix = names.prefix("word_embeddings.weight", "transformer.", "");
        Axis width = Axis.fixed(config.hiddenSize());
        Axis vocabulary = Axis.fixed(config.vocabSize());
        Parameter tokens = Parameter.matrix(prefix + "word_embeddings.weight", vocabulary, width);
        List<LayerLayout> layers = new ArrayList<>();
        Map<Integer, List<Double>> slopes = new HashMap<>();
        for (LayerShape shape : config.layers()) {
            layers.add(layer(prefix + "h." + layers.size(), layers.size(), shape, config, slopes));
        }
        return new ModelLayout(
                modelType(),
                config.hiddenSize(),
                config.vocabSize(),
                new Embedding(
                        tokens,
                        null,
                        1,
                        null,
                        Norm.Layer.of(prefix + "word_embeddings_layernorm", width, config.normEpsilon())),
                layers,
                Output.of(
                        Norm.Layer.of(prefix + "ln_f", width, config.normEpsilon()),
                        names.outputEmbedding(config, tokens, "lm_head.weight")));
    }

    private static LayerLayout layer(
            String layer, int index, LayerShape shape, ModelConfig config, Map<Integer, List<Double>> slopes) {
        Axis width = Axis.fixed(config.hiddenSize());
        Axis channels = LlamaParts.channels(shape);
        Axis fused = Axis.of(UnitKind.ATTENTION, shape.attentionUnits(), 3 * shape.headDim());
        return new LayerLayout(
                index,
                shape,
                new Attention(
                        shape,
                        null,
                        new QueryKeyValue.Interleaved(
                                Linear.of(layer + ".self_attention.query_key_value", fused, width, true)),
                        AttentionScores.plain(shape.headDim()).withSlopes(slopes(index, shape, config, slopes)),
                        Linear.of(layer + ".self_attention.dense", width, LlamaParts.keys(shape), true)),
                Residual.of(Norm.Layer.of(layer + ".input_layernorm", width, config.normEpsilon())),
                new FeedForward.Plain(
                        Linear.of(layer + ".mlp.dense_h_to_4h", channels, width, true),
                        Activation.GELU_TANH,
                        Linear.of(layer + ".mlp.dense_4h_to_h", width, channels, true)),
                Residual.of(Norm.Layer.of(layer + ".post_attention_layernorm", width, config.normEpsilon())));
    }

    /**
     * The slopes that the config lists for a pruned layer, else those of a layer with all its heads.
     *
     * @param shared slopes of each number of heads, which layers share
     */
    private static List<Double> slopes(
            int index, LayerShape shape, ModelConfig config, Map<Integer, List<Double>> shared) {
        List<Double> kept = config.alibiSlopes(index);
        if (!kept.isEmpty()) {
            return kept;
        }
        if (shape.heads() * shape.headDim() != config.hiddenSize()) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT,
                    "config.json: per_layer_config: layer %d has lost heads and does not say alibi_slopes of those left"
                            .formatted(index));
        }
        return shared.computeIfAbsent(shape.heads(), AttentionScores::alibi);
    }
}
