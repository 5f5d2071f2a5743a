package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.util.List;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The settings of rotary position embeddings, from the keys of transformers 4 or 5.
 *
 * @param type scaling type: {@code default}, {@code linear}, {@code llama3}, …
 * @param theta base of the frequencies
 * @param share the part of each head that is rotated, from its first position on; in [0, 1]
 * @param positions the longest sequence of the model, in tokens
 * @param originalPositions the longest sequence before its context was extended, in tokens
 * @param parameters settings of the scaling type, such as {@code factor}
 */
public record Rope(
        String type, double theta, double share, int positions, int originalPositions, ObjectNode parameters) {
    private static final String SETTINGS = "rope_parameters";
    private static final String SCALING = "rope_scaling";
    private static final String TYPE = "rope_type";
    private static final String THETA = "rope_theta";
    private static final String SHARE = "partial_rotary_factor";
    private static final String ORIGINAL = "original_max_position_embeddings";
    private static final String FULL = "full_attention";
    private static final String SLIDING = "sliding_attention";
    private static final ConfigReader NOTHING = new ConfigReader(JsonNodeFactory.instance.objectNode());

    public Rope {
        parameters = parameters.deepCopy();
    }

    @Override
    public ObjectNode parameters() {
        return parameters.deepCopy();
    }

    /** One of the settings; missing where it is absent. No copy of all of them, which may be large, is made. */
    public JsonNode parameter(String key) {
        return parameters.path(key).deepCopy();
    }

    /**
     * Reads the settings, in a family with layers of two types those of the layers without a sliding window. transformers 5
     * keeps all of them in {@code rope_parameters}. transformers 4 uses {@code rope_scaling} and keys at the top; both
     * versions prefer {@code rope_scaling} where a config has it.
     *
     * @param positions the longest sequence of the model, in tokens
     */
    static Rope read(ConfigReader config, RotaryKeys keys, int positions) {
        boolean scaled = config.has(SCALING) && !config.object(SCALING).isEmpty();
        ObjectNode scaling = flat(scaled ? config.object(SCALING) : JsonNodeFactory.instance.objectNode());
        double theta = config.doubleOr(keys.theta(), keys.defaultTheta());
        if (keys.slidingTheta() == null) {
            ObjectNode given = scaled ? scaling : flat(settings(config));
            return of(given, theta, config, keys, positions);
        }
        ObjectNode given = ofType(FULL, config);
        if (scaling.has(TYPE) || scaling.has("type")) {
            given.remove(List.of(TYPE, "type"));
        }
        given.setAll(scaling);
        return of(given, theta, NOTHING, keys, positions);
    }

    /** The settings of the layers with a sliding window; null in a family whose layers all have the same. */
    static @Nullable Rope readSliding(ConfigReader config, RotaryKeys keys, int positions) {
        String key = keys.slidingTheta();
        return key == null
                ? null
                : of(ofType(SLIDING, config), config.doubleOr(key, RotaryKeys.LOCAL_THETA), NOTHING, keys, positions);
    }

    private static ObjectNode settings(ConfigReader config) {
        return config.has(SETTINGS) ? config.object(SETTINGS) : JsonNodeFactory.instance.objectNode();
    }

    private static ObjectNode flat(ObjectNode settings) {
        if (StreamSupport.stream(settings.spliterator(), false).anyMatch(JsonNode::isObject)) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: rope_parameters: has settings for each type of layer, which this model_type does not have;"
                            + " give one set of rope_theta and rope_type");
        }
        return settings.deepCopy();
    }

    private static ObjectNode ofType(String layerType, ConfigReader config) {
        ConfigReader settings = new ConfigReader(settings(config));
        if (!settings.json().isEmpty()
                && !settings.json().has(FULL)
                && !settings.json().has(SLIDING)) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: rope_parameters: has one set of settings, but layers of this model_type rotate by their type;"
                            + " give one for full_attention and one for sliding_attention");
        }
        return settings.has(layerType) ? flat(settings.object(layerType)) : JsonNodeFactory.instance.objectNode();
    }

    /**
     * @param theta the base if the settings have none
     * @param top the config, whose keys count where the settings lack them; empty where settings stand for themselves
     */
    private static Rope of(ObjectNode parameters, double theta, ConfigReader top, RotaryKeys keys, int positions) {
        ConfigReader reader = new ConfigReader(parameters);
        String type = reader.textOr(TYPE, reader.textOr("type", "default"));
        double base = reader.doubleOr(THETA, theta);
        if (!(base > 0)) {
            throw ConfigReader.corrupt(keys.theta(), "must be positive");
        }
        double share = share(top, reader, keys);
        if (top.has(ORIGINAL)) {
            // At the top it counts, and Phi-3 in transformers 4 refuses it among the other settings.
            parameters.remove(ORIGINAL);
        }
        ConfigReader originals = top.has(ORIGINAL) ? top : reader;
        int original = originals.has(ORIGINAL) ? originals.size(ORIGINAL, ModelConfig.MAX_POSITIONS) : positions;
        parameters.remove(List.of(TYPE, "type", THETA, SHARE));
        return new Rope(
                keys.longrope().contains(type) ? "longrope" : type, base, share, positions, original, parameters);
    }

    private static double share(ConfigReader config, ConfigReader settings, RotaryKeys keys) {
        @Nullable String key = keys.share();
        double share = settings.doubleOr(SHARE, config.doubleOr(key == null ? SHARE : key, keys.defaultShare()));
        if (share < 0 || share > 1) {
            throw ConfigReader.corrupt(key == null ? SHARE : key, "must lie in [0, 1], was " + share);
        }
        if (key == null && share != 1) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: %s: %s, but a model of this model_type always rotates whole heads; remove the key"
                            .formatted(SHARE, share));
        }
        return share;
    }

    /**
     * Writes the keys of transformers 4 and 5.
     *
     * @param sliding settings of the layers with a sliding window; null where they are those of all layers
     */
    void write(ObjectNode json, RotaryKeys keys, @Nullable Rope sliding) {
        json.put(keys.theta(), theta);
        if (keys.share() != null) {
            json.put(keys.share(), share);
        }
        if (type.equals("default")) {
            json.putNull(SCALING);
        } else {
            json.putObject(SCALING).put(keys.type(), type).setAll(parameters);
        }
        if (sliding == null || keys.slidingTheta() == null) {
            json.set(SETTINGS, settings(keys));
        } else {
            json.put(keys.slidingTheta(), sliding.theta);
            json.putObject(SETTINGS).<ObjectNode>set(FULL, settings(keys)).set(SLIDING, sliding.settings(keys));
        }
    }

    private ObjectNode settings(RotaryKeys keys) {
        ObjectNode settings = parameters().put(TYPE, type).put(THETA, theta);
        return keys.share() == null ? settings : settings.put(SHARE, share);
    }
}
