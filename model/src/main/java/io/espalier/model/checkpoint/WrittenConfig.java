package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A {@code config.json} for pruned layer shapes.
 *
 * @param reason why this profile was chosen, for people
 */
public record WrittenConfig(ObjectNode json, Profile profile, String reason) {
    public WrittenConfig {
        json = json.deepCopy();
    }

    @Override
    public ObjectNode json() {
        return json.deepCopy();
    }
}
