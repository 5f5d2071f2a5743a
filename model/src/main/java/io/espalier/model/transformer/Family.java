package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.ModelConfig;
import java.util.List;
import java.util.Set;

/** A model family: the names of its tensors and its architecture. A new family is one class that is listed here. */
public sealed interface Family
        permits Llama, Mistral, Qwen2, Qwen3, Gemma, Gemma2, Gemma3, Phi3, Granite, SmolLm3, GptNeox, Opt, Bloom {
    /** All supported families. */
    List<Family> ALL = List.of(
            new Llama(),
            new Mistral(),
            new Qwen2(),
            new Qwen3(),
            new Gemma(),
            new Gemma2(),
            new Gemma3(),
            new Phi3(),
            new Granite(),
            new SmolLm3(),
            new GptNeox(),
            new Opt(),
            new Bloom());

    /** The value of {@code model_type} in config.json. */
    String modelType();

    /**
     * The layout of a model of this family.
     *
     * @param stored names of the checkpoint's tensors, because some models were saved with and some without a prefix
     * @throws EspalierException {@code MODEL_UNSUPPORTED} naming the key that asks for an unsupported variant
     */
    ModelLayout layout(ModelConfig config, Set<String> stored);

    /** @throws EspalierException {@code MODEL_UNSUPPORTED} naming the supported families */
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
