package io.espalier.model.transformer;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.function.IntPredicate;

/**
 * Which layers see only the last positions.
 *
 * @param size positions a token sees, itself included; 0: all of them
 * @param slides whether a layer, by its index, is one of those
 */
record SlidingWindow(int size, IntPredicate slides) {
    /** Every layer slides where the config gives a size, unless it says otherwise layer by layer. */
    static SlidingWindow everywhere(ModelConfig config) {
        return of(config, layer -> true);
    }

    /** @param usual whether a layer slides where the config does not say so layer by layer */
    static SlidingWindow of(ModelConfig config, IntPredicate usual) {
        int size = config.intOr("sliding_window", 0);
        if (size < 0) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT, "config.json: sliding_window: must not be negative, was " + size);
        }
        JsonNode types = config.json().path("layer_types");
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
