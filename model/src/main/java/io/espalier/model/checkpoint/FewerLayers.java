package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Stream;

/** Rewrites a model's config after whole layers were removed. */
final class FewerLayers {
    /** Keys of lists that have one entry per layer. */
    private static final List<String> LISTS = Stream.concat(LayerLists.KEYS.stream(), Stream.of(ModelConfig.PER_LAYER))
            .toList();
    /** Qwen's key for the number of lower layers without a sliding window. */
    private static final String LAYERS_BELOW_SLIDING = "max_window_layers";

    private FewerLayers() {}

    static ObjectNode of(ModelConfig model, List<Integer> kept) {
        ObjectNode json = model.decoder();
        ConfigReader config = new ConfigReader(json);
        List<String> counts = FamilyKeys.of(model.modelType()).layers();
        json.put(FamilyKeys.present(config, counts), kept.size());
        counts.stream().filter(config::has).forEach(count -> json.put(count, kept.size()));
        for (String list : LISTS) {
            if (json.get(list) instanceof ArrayNode all) {
                ArrayNode left = json.putArray(list);
                kept.stream().filter(layer -> layer < all.size()).forEach(layer -> left.add(all.get(layer)));
            }
        }
        if (json.get(ModelConfig.PER_LAYER) instanceof ObjectNode) {
            ObjectNode left = json.objectNode();
            for (int layer : kept) {
                if (PerLayerConfig.of(json, layer) instanceof ObjectNode own) {
                    left.set(Integer.toString(kept.indexOf(layer)), own);
                }
            }
            json.set(ModelConfig.PER_LAYER, left);
        }
        int below = config.intOr(LAYERS_BELOW_SLIDING, Integer.MAX_VALUE);
        if (below < model.layers().size()) {
            json.put(
                    LAYERS_BELOW_SLIDING,
                    kept.stream().filter(layer -> layer < below).count());
        }
        return json;
    }

    static ObjectNode slidingLayers(ModelConfig model, List<Boolean> slides) {
        ObjectNode json = model.decoder();
        ArrayNode types = json.putArray(LayerLists.LAYER_TYPES);
        slides.forEach(sliding -> types.add(sliding ? "sliding_attention" : "full_attention"));
        return json;
    }
}
