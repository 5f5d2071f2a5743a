package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.util.stream.StreamSupport;

/**
 * The settings of rotary position embeddings, from the keys of transformers 4 or 5.
 *
 * @param type scaling type: {@code default}, {@code linear}, {@code llama3}, …
 * @param theta base of the frequencies
 * @param parameters settings of the scaling type, such as {@code factor}
 */
public record Rope(String type, double theta, ObjectNode parameters) {
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
     * Reads the settings. transformers 5 keeps all of them in {@code rope_parameters}; transformers 4 uses
     * {@code rope_theta} and {@code rope_scaling}.
     */
    static Rope read(ConfigReader config, double defaultTheta) {
        JsonNode node = config.has("rope_parameters")
                ? config.object("rope_parameters")
                : config.has("rope_scaling") ? config.object("rope_scaling") : JsonNodeFactory.instance.objectNode();
        ObjectNode parameters = ((ObjectNode) node).deepCopy();
        if (StreamSupport.stream(parameters.spliterator(), false).anyMatch(JsonNode::isObject)) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: rope_parameters: has settings for each type of layer, which this model_type does not have;"
                            + " give one set of rope_theta and rope_type");
        }
        ConfigReader reader = new ConfigReader(parameters);
        String type = reader.textOr("rope_type", reader.textOr("type", "default"));
        double theta = reader.doubleOr("rope_theta", config.doubleOr("rope_theta", defaultTheta));
        if (!(theta > 0) || Double.isInfinite(theta)) {
            throw ConfigReader.corrupt("rope_theta", "must be positive");
        }
        parameters.remove("rope_type");
        parameters.remove("type");
        parameters.remove("rope_theta");
        return new Rope(type, theta, parameters);
    }

    /** Writes the keys of transformers 4 and 5. */
    void write(ObjectNode json) {
        json.put("rope_theta", theta);
        ObjectNode scaling = JsonNodeFactory.instance.objectNode().put("rope_type", type);
        scaling.setAll(parameters);
        if (type.equals("default")) {
            json.putNull("rope_scaling");
        } else {
            json.set("rope_scaling", scaling.deepCopy());
        }
        json.set("rope_parameters", scaling.put("rope_theta", theta));
    }
}
