package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.Supplier;

/**
 * Lists in config.json with one entry for each layer. Where a config leaves one to a rule about the layer's index, the rule is
 * written out, because the rule gives something else as soon as layers are removed.
 */
final class LayerLists {
    static final String LAYER_TYPES = "layer_types";
    private static final String ROTATED = "no_rope_layers";
    /** Their keys. */
    static final List<String> KEYS = List.of(LAYER_TYPES, ROTATED);

    private LayerLists() {}

    /** @param layers number of layers */
    static void fillIn(String modelType, ObjectNode json, int layers) {
        ConfigReader config = new ConfigReader(json);
        switch (modelType) {
            case "gemma3_text" ->
                layerTypes(config, layers, () -> {
                    int pattern = config.size("sliding_window_pattern", ModelConfig.MAX_WIDTH);
                    return layer -> (layer + 1) % pattern != 0;
                });
            case "smollm3" -> {
                if (!config.has(ROTATED)) {
                    int interval = config.size("no_rope_layer_interval", ModelConfig.MAX_WIDTH);
                    ArrayNode rotated = json.putArray(ROTATED);
                    for (int layer = 0; layer < layers; layer++) {
                        rotated.add((layer + 1) % interval == 0 ? 0 : 1);
                    }
                }
                boolean slides = config.boolOr("use_sliding_window", false) && config.has("sliding_window");
                layerTypes(
                        config,
                        layers,
                        () -> layer -> slides && json.path(ROTATED).path(layer).asInt() == 0);
            }
            default -> {
                // The families whose rules are older say it by their windows.
            }
        }
        for (String key : KEYS) {
            if (config.has(key) && (!json.path(key).isArray() || json.path(key).size() < layers)) {
                throw ConfigReader.corrupt(key, "must be a list of one entry for each of %d layers".formatted(layers));
            }
        }
    }

    /** @param slides gives the rule; not asked where the config has the list */
    private static void layerTypes(ConfigReader config, int layers, Supplier<IntPredicate> slides) {
        if (!config.has(LAYER_TYPES)) {
            IntPredicate rule = slides.get();
            ArrayNode types = config.json().putArray(LAYER_TYPES);
            for (int layer = 0; layer < layers; layer++) {
                types.add(rule.test(layer) ? "sliding_attention" : "full_attention");
            }
        }
    }
}
