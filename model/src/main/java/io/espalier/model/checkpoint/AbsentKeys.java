package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/**
 * What a key that config.json does not have means to a family's own code: the defaults of transformers' config classes. A key
 * that is there and null means none, which is something else.
 */
final class AbsentKeys {
    private static final String KV_HEADS = "num_key_value_heads";
    private static final String POSITIONS = "max_position_embeddings";
    private static final String WINDOW = "sliding_window";

    private static final Map<String, Map<String, Number>> BY_TYPE = Map.of(
            "llama", Map.of(POSITIONS, 2048),
            "mistral", Map.of(KV_HEADS, 8, POSITIONS, 131_072, WINDOW, 4096),
            "qwen2", Map.of(KV_HEADS, 32, POSITIONS, 32_768, WINDOW, 4096),
            "qwen3", Map.of(KV_HEADS, 32, POSITIONS, 32_768, WINDOW, 4096),
            "gemma", Map.of(KV_HEADS, 16, POSITIONS, 8192),
            "gemma2",
                    Map.of(
                            KV_HEADS,
                            4,
                            POSITIONS,
                            8192,
                            WINDOW,
                            4096,
                            "query_pre_attn_scalar",
                            256,
                            "attn_logit_softcapping",
                            50.0,
                            "final_logit_softcapping",
                            30.0),
            "phi3", Map.of(POSITIONS, 4096),
            "opt", Map.of(POSITIONS, 2048));

    private AbsentKeys() {}

    /** The config with the keys that it does not have. */
    static ObjectNode filledIn(String modelType, FamilyKeys keys, ObjectNode json) {
        ObjectNode filled = json.deepCopy();
        BY_TYPE.getOrDefault(modelType, Map.of()).forEach((key, value) -> {
            boolean spelledOtherwise =
                    key.equals(POSITIONS) && keys.positions().stream().anyMatch(json::has);
            if (!json.has(key) && !spelledOtherwise) {
                filled.set(
                        key,
                        value instanceof Integer whole
                                ? filled.numberNode(whole)
                                : filled.numberNode(value.doubleValue()));
            }
        });
        return filled;
    }
}
