package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.List;
import java.util.Set;

/** A model family: names its tensors and says how it differs from the others. A new family is one class, listed here. */
public sealed interface Family permits Llama, Mistral, Qwen2, Qwen3, Gemma, Gemma2, Phi3, Opt, Bloom {
    /** All that are supported. */
    List<Family> ALL = List.of(
            new Llama(),
            new Mistral(),
            new Qwen2(),
            new Qwen3(),
            new Gemma(),
            new Gemma2(),
            new Phi3(),
            new Opt(),
            new Bloom());

    /** As {@code model_type} in config.json. */
    String modelType();

    /**
     * @param stored names of the checkpoint's tensors: some models were saved with a prefix and without
     * @throws EspalierException {@code MODEL_UNSUPPORTED} naming the key of a variant that is not computed
     */
    ModelLayout layout(ModelConfig config, Set<String> stored);

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
