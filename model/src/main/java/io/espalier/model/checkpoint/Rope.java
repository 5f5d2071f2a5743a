package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
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
     * Reads the settings. transformers 5 keeps all of them in {@code rope_parameters}. transformers 4 uses {@code
     * rope_scaling} and keys at the top; both versions prefer {@code rope_scaling} where a config has it.
     *
     * @param positions the longest sequence of the model, in tokens
     */
    static Rope read(ConfigReader config, RotaryKeys keys, int positions) {
        boolean scaled = config.has(SCALING) && !config.object(SCALING).isEmpty();
        ObjectNode given = scaled
                ? config.object(SCALING)
                : config.has(SETTINGS) ? config.object(SETTINGS) : JsonNodeFactory.instance.objectNode();
        if (StreamSupport.stream(given.spliterator(), false).anyMatch(JsonNode::isObject)) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: rope_parameters: has settings for each type of layer, which this model_type does not have;"
                            + " give one set of rope_theta and rope_type");
        }
        ObjectNode parameters = given.deepCopy();
        ConfigReader reader = new ConfigReader(parameters);
        String type = reader.textOr(TYPE, reader.textOr("type", "default"));
        double theta = reader.doubleOr(THETA, config.doubleOr(keys.theta(), keys.defaultTheta()));
        if (!(theta > 0)) {
            throw ConfigReader.corrupt(keys.theta(), "must be positive");
        }
        double share = share(config, reader, keys);
        if (config.has(ORIGINAL)) {
            // At the top it counts, and Phi-3 in transformers 4 refuses it among the other settings.
            parameters.remove(ORIGINAL);
        }
        ConfigReader originals = config.has(ORIGINAL) ? config : reader;
        int original = originals.has(ORIGINAL) ? originals.size(ORIGINAL, ModelConfig.MAX_POSITIONS) : positions;
        parameters.remove(TYPE);
        parameters.remove("type");
        parameters.remove(THETA);
        parameters.remove(SHARE);
        return new Rope(
                keys.longrope().contains(type) ? "longrope" : type, theta, share, positions, original, parameters);
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

    /** Writes the keys of transformers 4 and 5. */
    void write(ObjectNode json, RotaryKeys keys) {
        json.put(keys.theta(), theta);
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        if (keys.share() != null) {
            json.put(keys.share(), share);
            all.put(SHARE, share);
        }
        if (type.equals("default")) {
            json.putNull(SCALING);
        } else {
            ObjectNode scaling = json.putObject(SCALING).put(keys.type(), type);
            scaling.setAll(parameters);
        }
        all.put(TYPE, type).put(THETA, theta);
        all.setAll(parameters);
        json.set(SETTINGS, all);
    }
}
