package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.file.Resource;
import io.espalier.model.file.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a key that config.json does not have means to a family's own code. The table is {@code absent-keys.json}: for each model
 * type the defaults of its config class in transformers 5.18, printed from the classes. A key that is there and null means none,
 * which is something else.
 */
final class AbsentKeys {
    private static final JsonNode BY_TYPE = table();

    private AbsentKeys() {}

    private static JsonNode table() {
        try {
            return StrictJson.MAPPER.readTree(Resource.text(AbsentKeys.class, "absent-keys.json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The config with the keys that it does not have. A key that is there under another of its names is not absent. */
    static ObjectNode filledIn(String modelType, FamilyKeys keys, ObjectNode json) {
        ObjectNode filled = json.deepCopy();
        for (Map.Entry<String, JsonNode> entry : BY_TYPE.path(modelType).properties()) {
            String key = entry.getKey();
            Stream<String> names = keys.names().filter(list -> list.contains(key)).findFirst().stream()
                    .flatMap(list -> list.stream());
            if (!json.has(key) && names.noneMatch(json::has)) {
                filled.set(key, entry.getValue());
            }
        }
        return filled;
    }
}
