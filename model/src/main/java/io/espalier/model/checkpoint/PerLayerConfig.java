package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.file.Quoted;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The shapes of a model's layers in config.json: the same for all, or different ones under {@code per_layer_config}. There
 * transformers (5.15 and later) writes an object from a layer's index to what differs from the rest of the config; earlier
 * versions of Espalier wrote an array with all shapes. Both are read.
 */
final class PerLayerConfig {
    private static final int MAX_LAYERS = 4096;
    /** Far more than any model has. A limit, since every layer's rotation and slopes are held by head and position in it. */
    private static final int MAX_HEADS = 1 << 12;

    private static final int MAX_HEAD_DIM = 1 << 12;
    private static final String KV_HEADS = "num_key_value_heads";
    private static final String HEAD_DIM = "head_dim";
    private static final String FFN = "intermediate_size";
    private static final int MAX_INDEX_DIGITS = 9;

    private PerLayerConfig() {}

    /** The shape of each layer. */
    static List<LayerShape> shapes(ConfigReader config, FamilyKeys keys, int hidden) {
        JsonNode perLayer = config.json().path(ModelConfig.PER_LAYER);
        if (perLayer instanceof ArrayNode array) {
            return ofArray(array);
        }
        int count = config.size(FamilyKeys.present(config, keys.layers()), MAX_LAYERS);
        if (perLayer.isMissingNode() || perLayer.isNull()) {
            return Collections.nCopies(count, wholeModel(config, keys, hidden));
        }
        if (!(perLayer instanceof ObjectNode overrides)) {
            throw ConfigReader.corrupt(ModelConfig.PER_LAYER, "must be an object from layer to what differs there");
        }
        return ofOverrides(config, keys, hidden, count, overrides);
    }

    private static List<LayerShape> ofOverrides(
            ConfigReader config, FamilyKeys keys, int hidden, int count, ObjectNode overrides) {
        Map<Integer, ObjectNode> byLayer = byLayer(overrides, count);
        // The head size that a config leaves open follows from its own number of heads, not from a layer's.
        LayerShape whole = wholeModel(config, keys, hidden);
        Set<String> sizes = sizes(keys);
        List<LayerShape> shapes = new ArrayList<>();
        for (int layer = 0; layer < count; layer++) {
            ObjectNode own = byLayer.get(layer);
            if (own == null) {
                shapes.add(whole);
                continue;
            }
            requireKnown(layer, own, sizes);
            // No more than the sizes: a config may be large, and have many layers.
            ObjectNode merged = config.json().objectNode();
            sizes.stream()
                    .filter(config::has)
                    .forEach(size -> merged.set(size, config.json().get(size)));
            merged.setAll(own);
            ConfigReader reader = new ConfigReader(merged);
            int headDim = reader.has(HEAD_DIM) ? headDim(reader, keys, hidden) : whole.headDim();
            shapes.add(shape(reader, keys, hidden, headDim));
        }
        return shapes;
    }

    /** The keys under which the sizes of a layer stand. */
    private static Set<String> sizes(FamilyKeys keys) {
        Set<String> sizes = new HashSet<>(Set.of(KV_HEADS, HEAD_DIM, FFN));
        sizes.addAll(keys.heads());
        sizes.addAll(keys.ffn());
        return sizes;
    }

    private static Map<Integer, ObjectNode> byLayer(ObjectNode overrides, int count) {
        Map<Integer, ObjectNode> byLayer = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : overrides.properties()) {
            @Nullable Integer layer = index(entry.getKey());
            if (layer == null || layer >= count) {
                throw ConfigReader.corrupt(
                        ModelConfig.PER_LAYER,
                        "%s is no layer of a model with %d".formatted(Quoted.of(entry.getKey()), count));
            }
            if (!(entry.getValue() instanceof ObjectNode object)) {
                throw ConfigReader.corrupt(ModelConfig.PER_LAYER, "layer " + layer + " is no object");
            }
            if (byLayer.put(layer, object) != null) {
                throw ConfigReader.corrupt(ModelConfig.PER_LAYER, "layer " + layer + " appears twice");
            }
        }
        return byLayer;
    }

    /** An index, with or without zeros before it; null for anything else. */
    private static @Nullable Integer index(String key) {
        boolean number = !key.isEmpty()
                && key.length() <= MAX_INDEX_DIGITS
                && key.chars().allMatch(c -> c >= '0' && c <= '9');
        return number ? Integer.valueOf(key) : null;
    }

    /** Shapes may differ from layer to layer. Anything else would be computed wrongly, so it is refused. */
    private static void requireKnown(int layer, ObjectNode own, Set<String> sizes) {
        for (Map.Entry<String, JsonNode> entry : own.properties()) {
            String name = entry.getKey();
            boolean skipsNothing = name.equals("skip")
                    && entry.getValue().isArray()
                    && entry.getValue().isEmpty();
            if (!sizes.contains(name) && !name.equals(ModelConfig.ALIBI_SLOPES) && !skipsNothing) {
                throw new EspalierException(
                        ErrorCode.MODEL_UNSUPPORTED,
                        "config.json: per_layer_config: layer %d differs in %s, which is not supported; only heads, their size and FFN widths may differ"
                                .formatted(layer, Quoted.of(name)));
            }
        }
    }

    /** The shape of a layer of which nothing is said by itself. */
    static LayerShape wholeModel(ConfigReader config, FamilyKeys keys, int hidden) {
        return shape(config, keys, hidden, headDim(config, keys, hidden));
    }

    private static int headDim(ConfigReader config, FamilyKeys keys, int hidden) {
        if (config.has(HEAD_DIM)) {
            return config.size(HEAD_DIM, MAX_HEAD_DIM);
        }
        String headsKey = FamilyKeys.present(config, keys.heads());
        int heads = config.size(headsKey, MAX_HEADS);
        if (hidden % heads != 0) {
            throw ConfigReader.corrupt(headsKey, heads + " does not divide the hidden size " + hidden);
        }
        if (hidden / heads > MAX_HEAD_DIM) {
            throw ConfigReader.corrupt(
                    headsKey,
                    "%d heads have %d positions each; at most %d".formatted(heads, hidden / heads, MAX_HEAD_DIM));
        }
        return hidden / heads;
    }

    private static LayerShape shape(ConfigReader config, FamilyKeys keys, int hidden, int headDim) {
        int heads = config.size(FamilyKeys.present(config, keys.heads()), MAX_HEADS);
        int kvHeads = config.has(KV_HEADS) ? config.size(KV_HEADS, MAX_HEADS) : heads;
        if (heads % kvHeads != 0) {
            throw ConfigReader.corrupt(KV_HEADS, kvHeads + " does not divide " + heads + " heads");
        }
        return new LayerShape(heads, kvHeads, headDim, ffn(config, keys, hidden));
    }

    private static int ffn(ConfigReader config, FamilyKeys keys, int hidden) {
        if (!keys.ffn().isEmpty()) {
            return config.size(FamilyKeys.present(config, keys.ffn()), ModelConfig.MAX_WIDTH);
        }
        // A family without a word for it says it in per_layer_config alone.
        return config.has(FFN) ? config.size(FFN, ModelConfig.MAX_WIDTH) : Math.multiplyExact(4, hidden);
    }

    private static List<LayerShape> ofArray(ArrayNode array) {
        if (array.size() > MAX_LAYERS || array.isEmpty()) {
            throw ConfigReader.corrupt(ModelConfig.PER_LAYER, "must name 1 to " + MAX_LAYERS + " layers");
        }
        List<LayerShape> layers = new ArrayList<>();
        for (JsonNode node : array) {
            if (!(node instanceof ObjectNode object)) {
                throw ConfigReader.corrupt(ModelConfig.PER_LAYER, "layer " + layers.size() + " is no object");
            }
            ConfigReader layer = new ConfigReader(object);
            int heads = layer.size("num_attention_heads", MAX_HEADS);
            int kvHeads = layer.size(KV_HEADS, MAX_HEADS);
            if (heads % kvHeads != 0) {
                throw ConfigReader.corrupt(
                        ModelConfig.PER_LAYER,
                        "layer %d: num_key_value_heads %d does not divide %d heads"
                                .formatted(layers.size(), kvHeads, heads));
            }
            layers.add(new LayerShape(
                    heads, kvHeads, layer.size(HEAD_DIM, MAX_HEAD_DIM), layer.size(FFN, ModelConfig.MAX_WIDTH)));
        }
        return layers;
    }

    /** What a config says of one layer alone; nothing where it says nothing. */
    static JsonNode of(ObjectNode json, int layer) {
        JsonNode perLayer = json.path(ModelConfig.PER_LAYER);
        if (perLayer.isArray()) {
            return perLayer.path(layer);
        }
        for (Map.Entry<String, JsonNode> entry : perLayer.properties()) {
            if (Integer.valueOf(layer).equals(index(entry.getKey()))) {
                return entry.getValue();
            }
        }
        return MissingNode.getInstance();
    }
}
