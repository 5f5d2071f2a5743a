package io.espalier.model.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.chat.ChatTemplates;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.file.Quoted;
import io.espalier.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The tokenizer of a checkpoint in the words of llama.cpp.
 *
 * @param model {@code gpt2} for byte-level BPE, {@code llama} for SentencePiece's BPE
 * @param pre how a text is split before the merges
 * @param vocabulary every token, with rows of the embedding that have none
 * @param merges of byte-level BPE, the first one first
 * @param scores of SentencePiece's BPE, one for each token: the highest is merged first
 * @param spaceBefore whether a space is put before a text
 * @param special ids of special tokens by their key
 * @param addBos whether a text begins with the token for that
 * @param templates of chats by name; the usual one has the name {@code ""}
 * @param stripsAfter whether special tokens take the spaces behind them
 * @param notes what a user should know
 */
record GgufTokenizer(
        String model,
        String pre,
        GgufVocabulary vocabulary,
        List<String> merges,
        List<Float> scores,
        boolean spaceBefore,
        Map<String, Integer> special,
        boolean addBos,
        Map<String, String> templates,
        boolean stripsAfter,
        List<String> notes) {
    private static final String PREFIX = "tokenizer.ggml.";

    GgufTokenizer {
        merges = List.copyOf(merges);
        scores = List.copyOf(scores);
        notes = List.copyOf(notes);
    }

    /**
     * @throws EspalierException {@code MODEL_UNSUPPORTED} naming what of the tokenizer llama.cpp would do otherwise; as in
     *     {@link Tokenizer#open(Checkpoint)}
     */
    static GgufTokenizer of(Checkpoint checkpoint) {
        ModelConfig config = checkpoint.config();
        int[] beginning;
        int[] bos;
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            beginning = tokenizer.beginning();
            bos = tokenizer.bosToken();
        }
        if (beginning.length > 1) {
            throw unsupported("puts %d tokens before a text, and llama.cpp at most one".formatted(beginning.length));
        }
        ObjectNode json = Tokenizer.json(checkpoint);
        JsonNode model = json.path("model");
        if (!model.path("type").asText("BPE").equals("BPE") || !model.has("merges")) {
            throw unsupported("/model/type %s; only BPE can be written"
                    .formatted(Quoted.of(model.path("type").asText())));
        }
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            if (!model.path(affix).asText("").isEmpty()) {
                throw unsupported("/model/%s has no counterpart in llama.cpp".formatted(affix));
            }
        }
        GgufVocabulary vocabulary = GgufVocabulary.of(json, config.vocabSize());
        List<String> notes = new ArrayList<>(vocabulary.notes(config.modelType()));
        Map<String, Integer> special =
                GgufSpecialTokens.of(checkpoint, vocabulary, beginning.length == 1 ? beginning : bos, notes);
        Map<String, String> templates = ChatTemplates.of(checkpoint.companions(), Tokenizer.settings(checkpoint));
        boolean stripsAfter = vocabulary.stripsAfter();
        if (model.path("byte_fallback").asBoolean()) {
            SentencePiece pieces = SentencePiece.of(json, vocabulary);
            notes.addAll(pieces.notes());
            return new GgufTokenizer(
                    "llama",
                    "default",
                    vocabulary,
                    List.of(),
                    pieces.scores(),
                    pieces.spaceBefore(),
                    special,
                    beginning.length == 1,
                    templates,
                    stripsAfter,
                    notes);
        }
        ByteLevel bytes = ByteLevel.of(json, vocabulary);
        notes.addAll(bytes.notes());
        return new GgufTokenizer(
                "gpt2",
                bytes.pre(),
                vocabulary,
                bytes.merges(),
                List.of(),
                false,
                special,
                beginning.length == 1,
                templates,
                stripsAfter,
                notes);
    }

    void write(GgufMetadata metadata) {
        metadata.text(PREFIX + "model", model)
                .text(PREFIX + "pre", pre)
                .texts(PREFIX + "tokens", vocabulary.tokens())
                .integers(PREFIX + "token_type", vocabulary.types());
        if (model.equals("llama")) {
            metadata.reals(PREFIX + "scores", scores).bool(PREFIX + "add_space_prefix", spaceBefore);
        } else {
            metadata.texts(PREFIX + "merges", merges);
        }
        special.forEach((key, id) -> metadata.unsigned(PREFIX + key, id));
        // A text that is to be continued does not end, whatever the tokenizer does with texts for training.
        metadata.bool(PREFIX + "add_bos_token", addBos).bool(PREFIX + "add_eos_token", false);
        GgufChatTemplates.write(templates, metadata);
    }

    static EspalierException unsupported(String what) {
        return new EspalierException(ErrorCode.MODEL_UNSUPPORTED, "%s: %s".formatted(Tokenizer.FILE, what));
    }
}
