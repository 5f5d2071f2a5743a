package io.espalier.model.transformer;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.function.IntPredicate;

/**
 * The sliding window of a model and the layers that have it.
 *
 * @param size number of positions that a query attends to, its own included; 0 means all
 * @param slides whether a layer, by its index, has the sliding window
 */
record SlidingWindow(int size, IntPredicate slides) {
    /** All layers have the window if the config gives a size, unless its {@code layer_types} say otherwise. */
    static SlidingWindow everywhere(ModelConfig config) {
        return of(config, layer -> true);
    }

    /** @param usual whether a layer has the window if the config has no {@code layer_types} */
    static SlidingWindow of(ModelConfig config, IntPredicate usual) {
        int size = config.intOr("sliding_window", 0);
        if (size < 0) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT, "config.json: sliding_window: must not be negative, was " + size);
        }
        JsonNode types = config.decoder().path("layer_types");
        if (!types.isArray()) {
            return new SlidingWindow(size, usual);
        }
        for (JsonNode type : types) {
            if (!type.asText().equals("full_attention") && !type.asText().equals("sliding_attention")) {
                throw new EspalierException(
                        ErrorCode.MODEL_UNSUPPORTED,
                        "config.json: layer_types '%s'; supported are full_attention, sliding_attention"
                                .formatted(type.asText()));
            }
        }
        return new SlidingWindow(size, layer -> types.path(layer).asText().equals("sliding_attention"));
    }

    static SlidingWindow none() {
        return new SlidingWindow(0, layer -> false);
    }

    int at(int layer) {
        return slides.test(layer) ? size : 0;
    }
}
