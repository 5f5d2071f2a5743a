package io.espalier.model.export;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.file.StrictJson;
import io.espalier.model.text.Tokenizer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The tokens with a role. llama.cpp takes other tokens for those that a file does not name, so that all are named. */
final class GgufSpecialTokens {
    private static final String GENERATION = "generation_config.json";
    private static final String EOS = "eos_token_id";
    private static final long MAX_BYTES = 1_000_000;

    private GgufSpecialTokens() {}

    /**
     * @param bos what the tokenizer takes for the token that begins a text; empty for none
     * @param notes gets what a user should know
     * @return ids by key, in the order in which they are written
     */
    static Map<String, Integer> of(Checkpoint checkpoint, GgufVocabulary vocabulary, int[] bos, List<String> notes) {
        ModelConfig config = checkpoint.config();
        JsonNode settings = Tokenizer.settings(checkpoint);
        Set<Integer> ends = ends(checkpoint, vocabulary, settings);
        if (ends.isEmpty()) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: eos_token_id: missing, and llama.cpp would take another token for the end of a text; add it");
        }
        Map<String, Integer> special = new LinkedHashMap<>();
        List<Integer> inOrder = List.copyOf(ends);
        Integer configured = config.bosTokenId();
        int begins = bos.length > 0 ? bos[0] : configured != null ? configured : inOrder.get(0);
        put("bos_token_id", begins, vocabulary, special);
        put(EOS, inOrder.get(0), vocabulary, special);
        if (inOrder.size() > 1) {
            put("eot_token_id", inOrder.get(1), vocabulary, special);
        }
        if (inOrder.size() > 2) {
            notes.add("%d tokens end a text, and llama.cpp is told of two: %s".formatted(inOrder.size(), inOrder));
        }
        Integer unknown =
                id(vocabulary, Tokenizer.json(checkpoint).path("model").path("unk_token"));
        if (unknown != null) {
            put("unknown_token_id", unknown, vocabulary, special);
        }
        if (config.has("pad_token_id") && config.intOr("pad_token_id", -1) >= 0) {
            put("padding_token_id", config.intOr("pad_token_id", 0), vocabulary, special);
        }
        return special;
    }

    /** The config's own come first, then those that end what is generated. */
    private static Set<Integer> ends(Checkpoint checkpoint, GgufVocabulary vocabulary, JsonNode settings) {
        Set<Integer> ends = new LinkedHashSet<>();
        add(checkpoint.config().decoder().path(EOS), ends);
        Integer named = id(vocabulary, settings.path("eos_token"));
        if (named != null && ends.isEmpty()) {
            ends.add(named);
        }
        Path generation = checkpoint.companions().get(GENERATION);
        if (generation != null) {
            add(StrictJson.readObject(generation, MAX_BYTES).path(EOS), ends);
        }
        return ends;
    }

    private static void add(JsonNode oneOrSeveral, Set<Integer> ends) {
        if (oneOrSeveral.isInt()) {
            ends.add(oneOrSeveral.intValue());
        } else {
            oneOrSeveral.forEach(id -> ends.add(id.asInt(-1)));
        }
    }

    private static @Nullable Integer id(GgufVocabulary vocabulary, JsonNode named) {
        String token = named.isObject() ? named.path("content").asText() : named.asText("");
        return token.isEmpty() ? null : vocabulary.id(token);
    }

    private static void put(String key, int id, GgufVocabulary vocabulary, Map<String, Integer> special) {
        if (id < 0 || id >= vocabulary.tokens().size()) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT,
                    "config.json: %s: %d is no token of a vocabulary of %d; correct it"
                            .formatted(key, id, vocabulary.tokens().size()));
        }
        special.put(key, id);
    }
}
