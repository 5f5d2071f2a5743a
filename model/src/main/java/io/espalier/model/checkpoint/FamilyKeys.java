package io.espalier.model.checkpoint;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import java.util.List;
import java.util.Map;

/**
 * The keys under which a model type's config keeps its sizes, and the defaults for absent keys. If there are several keys
 * for a size, the first one that is present is used.
 *
 * @param ffn keys of the number of FFN channels; empty if it is always four times the hidden size
 * @param positions keys of the longest sequence; empty if it is unlimited
 * @param headDim head size when {@code head_dim} is absent; 0 means the hidden size divided by the number of heads
 * @param tied default of {@code tie_word_embeddings}
 * @param rotary whether the model uses rotary position embeddings
 */
record FamilyKeys(
        List<String> hidden,
        List<String> layers,
        List<String> heads,
        List<String> ffn,
        List<String> positions,
        List<String> normEpsilon,
        double defaultNormEpsilon,
        int headDim,
        boolean tied,
        boolean rotary) {

    private static final FamilyKeys LLAMA = rotary(1e-6, 0, false);

    private static final FamilyKeys OPT = new FamilyKeys(
            List.of("hidden_size"),
            List.of("num_hidden_layers"),
            List.of("num_attention_heads"),
            List.of("ffn_dim"),
            List.of("max_position_embeddings"),
            List.of(),
            1e-5,
            0,
            true,
            false);

    private static final FamilyKeys BLOOM = new FamilyKeys(
            List.of("n_embed", "hidden_size"),
            List.of("n_layer", "num_hidden_layers"),
            List.of("n_head", "num_attention_heads"),
            List.of(),
            List.of(),
            List.of("layer_norm_epsilon"),
            1e-5,
            0,
            true,
            false);

    private static final Map<String, FamilyKeys> BY_TYPE = Map.of(
            "llama", LLAMA,
            "mistral", LLAMA,
            "qwen2", LLAMA,
            "qwen3", rotary(1e-6, 128, false),
            "gemma", rotary(1e-6, 256, true),
            "gemma2", rotary(1e-6, 256, true),
            "phi3", rotary(1e-5, 0, false),
            "opt", OPT,
            "bloom", BLOOM);

    private static FamilyKeys rotary(double normEpsilon, int headDim, boolean tied) {
        return new FamilyKeys(
                List.of("hidden_size"),
                List.of("num_hidden_layers"),
                List.of("num_attention_heads"),
                List.of("intermediate_size"),
                // The second one is that of the first conversions of LLaMA.
                List.of("max_position_embeddings", "max_sequence_length"),
                List.of("rms_norm_eps"),
                normEpsilon,
                headDim,
                tied,
                true);
    }

    /** @throws EspalierException {@code MODEL_UNSUPPORTED} naming the supported types */
    static FamilyKeys of(String modelType) {
        FamilyKeys keys = BY_TYPE.get(modelType);
        if (keys == null) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: model_type %s is not supported; supported are %s"
                            .formatted(
                                    Quoted.of(modelType),
                                    String.join(
                                            ", ",
                                            BY_TYPE.keySet().stream().sorted().toList())));
        }
        return keys;
    }

    /** The first key that is present; the first key if none is. */
    static String present(ConfigReader config, List<String> keys) {
        return keys.stream().filter(config::has).findFirst().orElse(keys.get(0));
    }
}
