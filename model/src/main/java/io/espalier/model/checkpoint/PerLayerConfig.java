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
import java.util.Iterator;
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
    private static final int MAX_HEADS = 1 << 16;
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
            return Collections.nCopies(count, shape(config, keys, hidden, headDim(config, keys, hidden)));
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
        int headDim = headDim(config, keys, hidden);
        List<LayerShape> shapes = new ArrayList<>();
        for (int layer = 0; layer < count; layer++) {
            ObjectNode own = byLayer.get(layer);
            ObjectNode merged = config.json().deepCopy();
            if (own != null) {
                requireKnown(layer, own, keys);
                merged.setAll(own);
            }
            ConfigReader reader = new ConfigReader(merged);
            shapes.add(shape(reader, keys, hidden, reader.has("head_dim") ? headDim(reader, keys, hidden) : headDim));
        }
        return shapes;
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
    private static void requireKnown(int layer, ObjectNode own, FamilyKeys keys) {
        Set<String> known =
                new HashSet<>(Set.of("num_key_value_heads", "head_dim", "intermediate_size", ModelConfig.ALIBI_SLOPES));
        known.addAll(keys.heads());
        known.addAll(keys.ffn());
        for (Iterator<String> names = own.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (name.equals("skip") && own.get(name).isArray() && own.get(name).isEmpty()) {
                continue;
            }
            if (!known.contains(name)) {
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
        if (config.has("head_dim")) {
            return config.size("head_dim", MAX_HEADS);
        }
        if (keys.headDim() > 0) {
            return keys.headDim();
        }
        String headsKey = FamilyKeys.present(config, keys.heads());
        int heads = config.size(headsKey, MAX_HEADS);
        if (hidden % heads != 0) {
            throw ConfigReader.corrupt(headsKey, heads + " does not divide the hidden size " + hidden);
        }
        return hidden / heads;
    }

    private static LayerShape shape(ConfigReader config, FamilyKeys keys, int hidden, int headDim) {
        int heads = config.size(FamilyKeys.present(config, keys.heads()), MAX_HEADS);
        int kvHeads = config.has("num_key_value_heads") ? config.size("num_key_value_heads", MAX_HEADS) : heads;
        if (heads % kvHeads != 0) {
            throw ConfigReader.corrupt("num_key_value_heads", kvHeads + " does not divide " + heads + " heads");
        }
        return new LayerShape(heads, kvHeads, headDim, ffn(config, keys, hidden));
    }

    private static int ffn(ConfigReader config, FamilyKeys keys, int hidden) {
        if (!keys.ffn().isEmpty()) {
            return config.size(FamilyKeys.present(config, keys.ffn()), ModelConfig.MAX_WIDTH);
        }
        // A family without a word for it says it in per_layer_config alone.
        return config.has("intermediate_size")
                ? config.size("intermediate_size", ModelConfig.MAX_WIDTH)
                : Math.multiplyExact(4, hidden);
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
            layers.add(new LayerShape(
                    layer.size("num_attention_heads", MAX_HEADS),
                    layer.size("num_key_value_heads", MAX_HEADS),
                    layer.size("head_dim", MAX_HEADS),
                    layer.size("intermediate_size", ModelConfig.MAX_WIDTH)));
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
