package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/**
 * A {@code config.json} for pruned layer shapes.
 *
 * @param reason why this profile was chosen, for people
 * @param code the Python files that the config names, by their name; empty where stock classes read it
 */
public record WrittenConfig(ObjectNode json, Profile profile, String reason, Map<String, String> code) {
    public WrittenConfig {
        json = json.deepCopy();
        code = Map.copyOf(code);
    }

    /** A config that names no Python files. */
    public WrittenConfig(ObjectNode json, Profile profile, String reason) {
        this(json, profile, reason, Map.of());
    }

    /** The same config, with another reason where its profile needs none of its own. */
    public WrittenConfig because(String other) {
        return profile == Profile.UNIFORM ? new WrittenConfig(json, profile, other, code) : this;
    }

    /** What a reader makes of it. */
    public ModelConfig read() {
        return ModelConfig.parse(json);
    }

    @Override
    public ObjectNode json() {
        return json.deepCopy();
    }
}
