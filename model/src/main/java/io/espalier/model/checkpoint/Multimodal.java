package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The config of a model that reads more than text, such as LLaVA: the keys of its language model stand under {@code
 * text_config}. All else describes parts that Espalier carries along.
 *
 * @param whole the whole config
 */
record Multimodal(ObjectNode whole) {
    static final String TEXT = "text_config";
    private static final String TYPE = "model_type";
    private static final String TIED = "tie_word_embeddings";

    /** The language model of those whose {@code text_config} need not name it, as in transformers. */
    private static final Map<String, String> USUAL_TEXT = Map.of(
            "gemma3", "gemma3_text",
            "mistral3", "mistral",
            "llava", "llama",
            "llava_next", "llama",
            "llava_onevision", "qwen2",
            "video_llava", "llama",
            "internvl", "qwen2");

    /** Their text attends to what comes after it, too. */
    private static final Set<String> BIDIRECTIONAL = Set.of("paligemma", "colpali");

    /** Null for a config of a language model alone. */
    static @Nullable Multimodal of(ObjectNode json) {
        boolean alone = FamilyKeys.known(json.path(TYPE).asText());
        return !alone && json.get(TEXT) instanceof ObjectNode ? new Multimodal(json) : null;
    }

    /**
     * The config of the language model.
     *
     * @throws EspalierException {@code MODEL_UNSUPPORTED} naming a language model that is not supported
     */
    ObjectNode text() {
        ConfigReader reader = new ConfigReader(whole);
        String type = reader.textOr(TYPE, "");
        ObjectNode text = reader.object(TEXT).deepCopy();
        if (!text.hasNonNull(TYPE) && USUAL_TEXT.containsKey(type)) {
            text.put(TYPE, USUAL_TEXT.get(type));
        }
        String textType = new ConfigReader(text).textOr(TYPE, "");
        if (BIDIRECTIONAL.contains(type) || !FamilyKeys.known(textType)) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: text_config: model_type %s in a %s is not supported; supported language models are %s"
                            .formatted(Quoted.of(textType), Quoted.of(type), FamilyKeys.all()));
        }
        return text;
    }

    /** Whether the config says that the output embedding is ({@code true}) or is not the token embedding. Most say neither. */
    boolean saysTied(boolean tied) {
        return new ConfigReader(whole).boolOr(TIED, !tied) == tied;
    }

    /** The whole config around another one of the language model. */
    ObjectNode around(ObjectNode text) {
        ObjectNode other = whole.deepCopy();
        // It names Python files of the dense checkpoint, which are not copied: no code of a checkpoint is ever run.
        other.remove("auto_map");
        other.set(TEXT, text);
        return other;
    }
}
