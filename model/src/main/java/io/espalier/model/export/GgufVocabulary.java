package io.espalier.model.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import io.espalier.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a tokenizer.json by id. There is one for each row of the token embedding; rows that no token has are filled up.
 *
 * @param tokens by id
 * @param types by id, as llama.cpp numbers them
 * @param ids by token, of those that texts are merged to
 * @param added those that are found in a text before it is split, by token
 */
record GgufVocabulary(List<String> tokens, List<Integer> types, Map<String, Integer> ids, Map<String, JsonNode> added) {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;
    private static final int BYTE = 6;
    private static final Pattern A_BYTE = Pattern.compile("<0x[0-9A-F]{2}>");

    GgufVocabulary {
        tokens = List.copyOf(tokens);
        types = List.copyOf(types);
        ids = Map.copyOf(ids);
        added = Map.copyOf(added);
    }

    /** @param rows of the token embedding */
    static GgufVocabulary of(ObjectNode json, int rows) {
        JsonNode model = json.path("model");
        boolean bytes = model.path("byte_fallback").asBoolean();
        String unknown = model.path("unk_token").asText("");
        @Nullable String[] tokens = new @Nullable String[rows];
        int[] types = new int[rows];
        Map<String, Integer> ids = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : model.path("vocab").properties()) {
            String token = entry.getKey();
            int id = id(token, entry.getValue(), rows);
            if (tokens[id] != null) {
                throw corrupt("%s and %s have one id".formatted(Quoted.of(token), Quoted.of(tokens[id])));
            }
            tokens[id] = token;
            types[id] = bytes && A_BYTE.matcher(token).matches() ? BYTE : NORMAL;
            ids.put(token, id);
        }
        Map<String, JsonNode> added = new HashMap<>();
        for (JsonNode token : json.path("added_tokens")) {
            String content = token.path("content").asText();
            int id = id(content, token.path("id"), rows);
            tokens[id] = content;
            types[id] = token.path("special").asBoolean() ? CONTROL : USER_DEFINED;
            added.put(content, token);
        }
        if (ids.containsKey(unknown)) {
            types[ids.get(unknown)] = UNKNOWN;
        }
        List<String> all = new ArrayList<>();
        List<Integer> allTypes = new ArrayList<>();
        for (int id = 0; id < rows; id++) {
            String token = tokens[id];
            all.add(token == null ? "[PAD%d]".formatted(id) : token);
            allTypes.add(token == null ? UNUSED : types[id]);
        }
        return new GgufVocabulary(all, allTypes, ids, added);
    }

    private static int id(String token, JsonNode id, int rows) {
        if (!id.isInt() || id.intValue() < 0) {
            throw corrupt("the id of %s is no number".formatted(Quoted.of(token)));
        }
        if (id.intValue() >= rows) {
            throw GgufTokenizer.unsupported(
                    "token %s has id %d, and the embedding has %d rows, so llama.cpp would not load it; remove the token"
                            .formatted(Quoted.of(token), id.intValue(), rows));
        }
        return id.intValue();
    }

    /** The id of a token of either kind; null if there is none. */
    @Nullable
    Integer id(String token) {
        JsonNode found = added.get(token);
        return found == null ? ids.get(token) : Integer.valueOf(found.path("id").intValue());
    }

    /** Whether special tokens take the spaces behind them. */
    boolean stripsAfter() {
        return added.values().stream()
                .anyMatch(token -> token.path("special").asBoolean()
                        && token.path("rstrip").asBoolean());
    }

    /** Tokens that llama.cpp finds in texts in another way. */
    List<String> notes(String modelType) {
        List<String> notes = new ArrayList<>();
        for (String flag : List.of("lstrip", "rstrip", "single_word")) {
            List<String> with = added.entrySet().stream()
                    .filter(token -> token.getValue().path(flag).asBoolean())
                    .map(Map.Entry::getKey)
                    .sorted()
                    .toList();
            if (!with.isEmpty() && !(modelType.equals("phi3") && flag.equals("rstrip"))) {
                notes.add(
                        "%s: %s of %d added tokens, %s first, has no counterpart in llama.cpp: spaces beside them stay in a text"
                                .formatted(Tokenizer.FILE, flag, with.size(), Quoted.of(with.get(0))));
            }
        }
        return notes;
    }

    private static EspalierException corrupt(String what) {
        return new EspalierException(
                ErrorCode.MODEL_CORRUPT, "%s: %s; restore the file".formatted(Tokenizer.FILE, what));
    }
}
