package io.espalier.model.export;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.export.GgufArchitecture.Trait;
import io.espalier.model.transformer.AttentionScores;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.function.ToIntFunction;

/** The keys that say how a model computes. */
final class GgufKeys {
    /** Of a model without a longest sequence whose config does not say how long its training texts were; that of BLOOM. */
    private static final int USUAL_CONTEXT = 2048;

    private GgufKeys() {}

    /** The longest text of a model in tokens. */
    static int positions(ModelConfig config) {
        return config.maxPositions() == Integer.MAX_VALUE
                ? config.intOr("seq_length", USUAL_CONTEXT)
                : config.maxPositions();
    }

    static void write(
            GgufArchitecture architecture,
            ModelLayout model,
            ModelConfig config,
            GgufWindows windows,
            boolean stripsAfter,
            GgufType type,
            GgufMetadata metadata) {
        List<LayerShape> shapes =
                model.layers().stream().map(layer -> layer.attention().shape()).toList();
        String prefix = architecture.name() + ".";
        metadata.text("general.architecture", architecture.name())
                .text("general.type", "model")
                .text("general.name", name(config.modelType(), stripsAfter))
                .unsigned("general.file_type", type.fileType())
                .unsigned("general.quantization_version", 2)
                .unsigned(prefix + "vocab_size", model.vocabulary())
                .unsigned(prefix + "context_length", windows.context())
                .unsigned(prefix + "embedding_length", model.hiddenSize())
                .unsigned(prefix + "block_count", shapes.size());
        perLayer(prefix + "feed_forward_length", shapes, LayerShape::ffnChannels, architecture, metadata);
        perLayer(prefix + "attention.head_count", shapes, LayerShape::heads, architecture, metadata);
        perLayer(prefix + "attention.head_count_kv", shapes, LayerShape::kvHeads, architecture, metadata);
        int headDim = shapes.get(0).headDim();
        metadata.unsigned(prefix + "attention.key_length", headDim)
                .unsigned(prefix + "attention.value_length", headDim)
                .real(
                        prefix
                                + (architecture.has(Trait.LAYER_NORM)
                                        ? "attention.layer_norm_epsilon"
                                        : "attention.layer_norm_rms_epsilon"),
                        config.normEpsilon());
        if (windows.size() > 0) {
            metadata.unsigned(prefix + "attention.sliding_window", windows.size());
        }
        LayerLayout first = model.layers().get(0);
        AttentionScores scores = first.attention().scores();
        if (architecture.has(Trait.CAPS)) {
            metadata.real(prefix + "attn_logit_softcapping", scores.softCap())
                    .real(prefix + "final_logit_softcapping", model.output().logitCap());
        }
        if (architecture.has(Trait.PARALLEL)) {
            metadata.bool(prefix + "use_parallel_residual", first.parallel());
        }
        if (architecture.has(Trait.FACTORS)) {
            metadata.real(prefix + "attention.scale", scores.scale())
                    .real(prefix + "embedding_scale", model.embedding().scale())
                    .real(prefix + "residual_scale", first.aroundAttention().scale())
                    .real(prefix + "logit_scale", 1 / model.output().scale());
        }
        GgufRope.write(architecture, model, metadata);
    }

    /** llama.cpp takes it from the name phi3 that special tokens take the spaces behind them, as those of Phi-3 do. */
    private static String name(String modelType, boolean stripsAfter) {
        return modelType.equals("phi3") && !stripsAfter ? "phi" : modelType;
    }

    private static void perLayer(
            String key,
            List<LayerShape> shapes,
            ToIntFunction<LayerShape> size,
            GgufArchitecture architecture,
            GgufMetadata metadata) {
        if (architecture.has(Trait.LAYERS_DIFFER)) {
            metadata.integers(key, shapes.stream().map(size::applyAsInt).toList());
        } else {
            metadata.unsigned(key, size.applyAsInt(shapes.get(0)));
        }
    }
}
