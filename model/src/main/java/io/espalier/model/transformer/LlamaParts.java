package io.espalier.model.transformer;

import io.espalier.model.AttentionUnit;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.Rope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * The parts of LLaMA and of the families derived from it, with the tensor names they share. A family combines these parts
 * and replaces those in which it differs.
 *
 * @param normOffset added to each stored norm weight
 * @param names of the checkpoint's tensors
 * @param prefix of the decoder's names: {@code model.}, or nothing where the decoder was saved by itself
 * @param tokens name of the token embedding
 * @param rotations that a layer has had so far; layers that rotate alike share them
 */
record LlamaParts(
        ModelConfig config,
        double normOffset,
        TensorNames names,
        String prefix,
        String tokens,
        Map<Rotation, Rotation> rotations) {
    private static final String HEAD = "lm_head.weight";

    static LlamaParts of(ModelConfig config, Set<String> stored) {
        return of(config, stored, 0);
    }

    /** @param stored names of the checkpoint's tensors */
    static LlamaParts of(ModelConfig config, Set<String> stored, double normOffset) {
        TensorNames names = TensorNames.of(config, stored);
        String prefix = names.prefix("layers.", "model.", "");
        String tokens = prefix + "embed_tokens.weight";
        if (!stored.contains(tokens) && !config.needsOutputEmbedding()) {
            // Of two tied tensors, some programs store the one that they happen to meet first.
            tokens = names.find(HEAD).orElse(tokens);
        }
        return new LlamaParts(config, normOffset, names, prefix, tokens, new HashMap<>());
    }

    String layer(int index) {
        return prefix + "layers." + index;
    }

    Axis width() {
        return Axis.fixed(config.hiddenSize());
    }

    /**
     * The rows of the query projection and the columns of the output projection. The query heads of one KV group follow
     * each other.
     */
    static Axis queries(LayerShape shape) {
        return Axis.of(UnitKind.ATTENTION, shape.attentionUnits(), shape.headsPerUnit() * shape.headDim());
    }

    /** The rows of the key projection and of the value projection. They stay when query heads go. */
    static Axis keys(LayerShape shape) {
        return shape.attentionUnit() == AttentionUnit.KV_GROUP
                ? Axis.of(UnitKind.ATTENTION, shape.kvHeads(), shape.headDim())
                : Axis.fixed(shape.kvHeads() * shape.headDim());
    }

    static Axis channels(LayerShape shape) {
        return Axis.of(UnitKind.FFN, shape.ffnChannels(), 1);
    }

    Norm norm(String module) {
        return norm(module, width());
    }

    Norm norm(String module, Axis axis) {
        return new Norm.Rms(Parameter.vector(module + ".weight", axis), config.normEpsilon(), normOffset);
    }

    /**
     * @param inputBias whether the query, key and value projections have a bias
     * @param outputBias whether the output projection has a bias
     */
    Attention attention(int index, LayerShape shape, boolean inputBias, boolean outputBias, AttentionScores scores) {
        String attention = layer(index) + ".self_attn";
        Axis keys = keys(shape);
        return attention(
                index,
                shape,
                new QueryKeyValue.Separate(
                        Linear.of(attention + ".q_proj", queries(shape), width(), inputBias),
                        Linear.of(attention + ".k_proj", keys, width(), inputBias),
                        Linear.of(attention + ".v_proj", keys, width(), inputBias)),
                outputBias,
                scores);
    }

    Attention attention(
            int index, LayerShape shape, QueryKeyValue projection, boolean outputBias, AttentionScores scores) {
        return new Attention(
                shape,
                rotation(config.rotary(), shape),
                projection,
                scores,
                Linear.of(layer(index) + ".self_attn.o_proj", width(), queries(shape), outputBias));
    }

    Rotation rotation(Rope rope, LayerShape shape) {
        return rotations.computeIfAbsent(
                new Rotation(rope, shape.headDim()), absent -> Rotation.of(rope, shape.headDim()));
    }

    FeedForward gated(int index, LayerShape shape, Activation activation, boolean biased) {
        String mlp = layer(index) + ".mlp";
        Axis channels = channels(shape);
        return new FeedForward.Gated(
                Linear.of(mlp + ".gate_proj", channels, width(), biased),
                Linear.of(mlp + ".up_proj", channels, width(), biased),
                activation,
                Linear.of(mlp + ".down_proj", width(), channels, biased));
    }

    /** A layer with one norm before each half. */
    LayerLayout layer(int index, LayerShape shape, Attention attention, FeedForward feedForward) {
        return layer(index, shape, attention, feedForward, 1);
    }

    /** @param residualScale factor of what each half adds to the residual stream */
    LayerLayout layer(int index, LayerShape shape, Attention attention, FeedForward feedForward, double residualScale) {
        return new LayerLayout(
                index,
                shape,
                attention,
                Residual.of(norm(layer(index) + ".input_layernorm")).scaled(residualScale),
                feedForward,
                Residual.of(norm(layer(index) + ".post_attention_layernorm")).scaled(residualScale));
    }

    /** A layer with a norm before and one after each half. */
    LayerLayout layerBetweenNorms(int index, LayerShape shape, Attention attention, FeedForward feedForward) {
        String layer = layer(index);
        return new LayerLayout(
                index,
                shape,
                attention,
                Residual.between(norm(layer + ".input_layernorm"), norm(layer + ".post_attention_layernorm")),
                feedForward,
                Residual.between(
                        norm(layer + ".pre_feedforward_layernorm"), norm(layer + ".post_feedforward_layernorm")));
    }

    /** The activation that {@code hidden_act} names. */
    Activation activation() {
        return Activation.named("hidden_act", config.textOr("hidden_act", "silu"));
    }

    /** @param layer makes a layer from its index and shape */
    ModelLayout model(BiFunction<Integer, LayerShape, LayerLayout> layer) {
        return model(1, layer, 1, 0);
    }

    /**
     * @param embeddingScale factor of the token embeddings
     * @param layer makes a layer from its index and shape
     * @param logitScale factor of the logits
     * @param logitCap soft cap of the logits; 0 means none
     */
    ModelLayout model(
            double embeddingScale,
            BiFunction<Integer, LayerShape, LayerLayout> layer,
            double logitScale,
            double logitCap) {
        Axis vocabulary = Axis.fixed(config.vocabSize());
        Parameter embedding = Parameter.matrix(tokens, vocabulary, width());
        List<LayerLayout> layers = new ArrayList<>();
        for (LayerShape shape : config.layers()) {
            layers.add(layer.apply(layers.size(), shape));
        }
        Parameter output = names.outputEmbedding(config, embedding, HEAD);
        return new ModelLayout(
                config.modelType(),
                config.hiddenSize(),
                config.vocabSize(),
                Embedding.scaled(embedding, embeddingScale),
                layers,
                new Output(norm(prefix + "norm"), null, logitScale, output, logitCap));
    }
}
