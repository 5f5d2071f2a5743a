package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;

/**
 * Typed reading of a config's keys. A key that is absent or null gives the default. A value of another type is refused
 * with {@code MODEL_CORRUPT}.
 */
record ConfigReader(ObjectNode json) {
    boolean has(String key) {
        return json.hasNonNull(key);
    }

    int intOr(String key, int fallback) {
        if (!has(key)) {
            return fallback;
        }
        JsonNode node = json.get(key);
        if (!node.isIntegralNumber() || !node.canConvertToInt()) {
            throw corrupt(key, "must be an integer");
        }
        return node.intValue();
    }

    /** @param max the largest size that is accepted */
    int size(String key, int max) {
        if (!has(key)) {
            throw corrupt(key, "missing");
        }
        int size = intOr(key, 0);
        if (size < 1 || size > max) {
            throw corrupt(key, "must lie in [1, " + max + "], was " + size);
        }
        return size;
    }

    double doubleOr(String key, double fallback) {
        if (!has(key)) {
            return fallback;
        }
        JsonNode node = json.get(key);
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            throw corrupt(key, "must be a finite number");
        }
        return node.doubleValue();
    }

    boolean boolOr(String key, boolean fallback) {
        if (!has(key)) {
            return fallback;
        }
        if (!json.get(key).isBoolean()) {
            throw corrupt(key, "must be true or false");
        }
        return json.get(key).booleanValue();
    }

    String textOr(String key, String fallback) {
        if (!has(key)) {
            return fallback;
        }
        if (!json.get(key).isTextual()) {
            throw corrupt(key, "must be a string");
        }
        return json.get(key).textValue();
    }

    ObjectNode object(String key) {
        if (json.get(key) instanceof ObjectNode object) {
            return object;
        }
        throw corrupt(key, "must be an object");
    }

    static EspalierException corrupt(String key, String what) {
        return new EspalierException(ErrorCode.MODEL_CORRUPT, "config.json: " + key + ": " + what);
    }
}
