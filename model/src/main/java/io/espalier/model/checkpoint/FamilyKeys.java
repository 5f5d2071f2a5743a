package io.espalier.model.checkpoint;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The keys under which a model type's config keeps its sizes. If there are several keys for a size, the first one that is
 * present is used. {@link AbsentKeys} says what it means if none is.
 *
 * @param ffn keys of the number of FFN channels; empty if it is always four times the hidden size
 * @param positions keys of the longest sequence; empty if it is unlimited
 * @param normEpsilon keys of the norms' epsilon; empty if it is always that of PyTorch's layer norm
 * @param rotary how the config spells rotary position embeddings; null for a family without them
 */
record FamilyKeys(
        List<String> hidden,
        List<String> layers,
        List<String> heads,
        List<String> ffn,
        List<String> positions,
        List<String> normEpsilon,
        @Nullable RotaryKeys rotary) {

    private static final FamilyKeys LLAMA = rotary(RotaryKeys.USUAL);

    private static final FamilyKeys OPT = new FamilyKeys(
            List.of("hidden_size"),
            List.of("num_hidden_layers"),
            List.of("num_attention_heads"),
            List.of("ffn_dim"),
            List.of("max_position_embeddings"),
            List.of(),
            null);

    private static final FamilyKeys BLOOM = new FamilyKeys(
            List.of("n_embed", "hidden_size"),
            List.of("n_layer", "num_hidden_layers"),
            List.of("n_head", "num_attention_heads"),
            List.of(),
            List.of(),
            List.of("layer_norm_epsilon"),
            null);

    private static final FamilyKeys GPT_NEOX = new FamilyKeys(
            List.of("hidden_size"),
            List.of("num_hidden_layers"),
            List.of("num_attention_heads"),
            List.of("intermediate_size"),
            List.of("max_position_embeddings"),
            List.of("layer_norm_eps"),
            RotaryKeys.GPT_NEOX);

    private static final Map<String, FamilyKeys> BY_TYPE = Map.ofEntries(
            Map.entry("llama", LLAMA),
            Map.entry("mistral", LLAMA),
            Map.entry("qwen2", LLAMA),
            Map.entry("qwen3", LLAMA),
            Map.entry("gemma", LLAMA),
            Map.entry("gemma2", LLAMA),
            Map.entry("gemma3_text", rotary(RotaryKeys.GEMMA3)),
            Map.entry("phi3", rotary(RotaryKeys.PHI3)),
            Map.entry("granite", LLAMA),
            Map.entry("smollm3", rotary(RotaryKeys.SMOLLM3)),
            Map.entry("gpt_neox", GPT_NEOX),
            Map.entry("opt", OPT),
            Map.entry("bloom", BLOOM));

    private static FamilyKeys rotary(RotaryKeys rotary) {
        return new FamilyKeys(
                List.of("hidden_size"),
                List.of("num_hidden_layers"),
                List.of("num_attention_heads"),
                List.of("intermediate_size"),
                // The second one is that of the first conversions of LLaMA.
                List.of("max_position_embeddings", "max_sequence_length"),
                List.of("rms_norm_eps"),
                rotary);
    }

    /** The names of each size. */
    Stream<List<String>> names() {
        return Stream.of(hidden, layers, heads, ffn, positions, normEpsilon);
    }

    /** @throws EspalierException {@code MODEL_UNSUPPORTED} naming the supported types */
    static FamilyKeys of(String modelType) {
        FamilyKeys keys = BY_TYPE.get(modelType);
        if (keys == null) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: model_type %s is not supported; supported are %s"
                            .formatted(Quoted.of(modelType), all()));
        }
        return keys;
    }

    static boolean known(String modelType) {
        return BY_TYPE.containsKey(modelType);
    }

    /** The supported types, for messages. */
    static String all() {
        return String.join(", ", BY_TYPE.keySet().stream().sorted().toList());
    }

    /** The first key that is present; the first key if none is. */
    static String present(ConfigReader config, List<String> keys) {
        return keys.stream().filter(config::has).findFirst().orElse(keys.get(0));
    }
}
