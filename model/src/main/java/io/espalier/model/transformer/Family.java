package io.espalier.model.transformer;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.List;

/** A model family: names its tensors and says how it differs from the others. A new family is one class, listed here. */
public sealed interface Family permits Llama {
    /** All that are supported. */
    List<Family> ALL = List.of(new Llama());

    /** As {@code model_type} in config.json. */
    String modelType();

    ModelLayout layout(ModelConfig config);

    /** @throws EspalierException {@code MODEL_UNSUPPORTED} naming those that are supported */
    static Family of(String modelType) {
        return ALL.stream()
                .filter(family -> family.modelType().equals(modelType))
                .findFirst()
                .orElseThrow(() -> new EspalierException(
                        ErrorCode.MODEL_UNSUPPORTED,
                        "config.json: model_type '%s' is not supported; supported are %s"
                                .formatted(
                                        modelType,
                                        String.join(
                                                ", ",
                                                ALL.stream()
                                                        .map(Family::modelType)
                                                        .toList()))));
    }
}
