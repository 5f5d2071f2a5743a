package io.espalier.model.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.export.TokenizerSteps.Merge;
import io.espalier.model.file.Quoted;
import io.espalier.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * BPE as SentencePiece does it: any two neighbours that together are a token are merged, those with the highest score first. A
 * tokenizer.json has ranked merges instead. They are the same where all merges to one token follow each other and no way to make a
 * token is missing, which holds for those that were made from a SentencePiece model.
 *
 * @param scores by id
 * @param spaceBefore whether a space is put before a text
 * @param notes what a user should know
 */
record SentencePiece(List<Float> scores, boolean spaceBefore, List<String> notes) {
    private static final String SPACE = "▁";
    private static final int BYTES = 256;

    SentencePiece {
        scores = List.copyOf(scores);
        notes = List.copyOf(notes);
    }

    static SentencePiece of(ObjectNode json, GgufVocabulary vocabulary) {
        for (int value = 0; value < BYTES; value++) {
            String token = "<0x%02X>".formatted(value);
            if (!vocabulary.ids().containsKey(token)) {
                throw GgufTokenizer.unsupported(
                        "/model/vocab: byte_fallback without the token %s, so that llama.cpp would not load it"
                                .formatted(Quoted.of(token)));
            }
        }
        if (json.path("model").path("ignore_merges").asBoolean()) {
            throw GgufTokenizer.unsupported("/model/ignore_merges: true has no counterpart in llama.cpp");
        }
        List<String> notes = new ArrayList<>();
        boolean prepends = normalizer(json.path("normalizer"));
        boolean before = preTokenizer(json.path("pre_tokenizer"), prepends, vocabulary, notes);
        return new SentencePiece(scores(json.path("model").path("merges"), vocabulary), before, notes);
    }

    /** @return whether a space is put before a text */
    private static boolean normalizer(JsonNode normalizer) {
        boolean prepends = false;
        for (JsonNode step : TokenizerSteps.of(normalizer, "normalizers")) {
            boolean prepend = step.path("type").asText().equals("Prepend")
                    && step.path("prepend").asText().equals(SPACE);
            boolean replace = step.path("type").asText().equals("Replace")
                    && step.path("pattern").path("String").asText().equals(" ")
                    && step.path("content").asText().equals(SPACE);
            if (!prepend && !replace) {
                throw GgufTokenizer.unsupported(
                        "/normalizer: %s has no counterpart in llama.cpp".formatted(Quoted.of(step.toString())));
            }
            prepends |= prepend;
        }
        return prepends;
    }

    private static boolean preTokenizer(
            JsonNode preTokenizer, boolean prepends, GgufVocabulary vocabulary, List<String> notes) {
        boolean before = prepends;
        for (JsonNode step : TokenizerSteps.of(preTokenizer, "pretokenizers")) {
            // No space is left where the normalizer has replaced them, so that nothing is split there.
            boolean nothing = step.path("type").asText().equals("Split")
                    && step.path("pattern").path("String").asText().equals(" ");
            boolean meta = step.path("type").asText().equals("Metaspace")
                    && step.path("replacement").asText().equals(SPACE);
            if (!nothing && !meta) {
                throw GgufTokenizer.unsupported(
                        "/pre_tokenizer: %s has no counterpart in llama.cpp".formatted(Quoted.of(step.toString())));
            }
            if (meta) {
                if (step.path("split").asBoolean(true)) {
                    requireSpacesInFront(vocabulary);
                }
                String scheme = step.path("prepend_scheme")
                        .asText(step.path("add_prefix_space").asBoolean(true) ? "always" : "never");
                before |= !scheme.equals("never");
                if (!scheme.equals("never")) {
                    notes.add(Tokenizer.FILE + ": llama.cpp puts a space also before a text that begins with one"
                            + (scheme.equals("first") ? ", and behind special tokens" : ""));
                }
            }
        }
        return before;
    }

    /** Words are split before the merges, which llama.cpp does not do. Without such tokens it comes to the same. */
    private static void requireSpacesInFront(GgufVocabulary vocabulary) {
        for (String token : vocabulary.ids().keySet()) {
            if (token.lastIndexOf(SPACE) > 0 && !vocabulary.added().containsKey(token)) {
                throw GgufTokenizer.unsupported(
                        "/pre_tokenizer: splits words, but token %s goes across; llama.cpp would merge them"
                                .formatted(Quoted.of(token)));
            }
        }
    }

    private static List<Float> scores(JsonNode json, GgufVocabulary vocabulary) {
        List<Merge> merges = TokenizerSteps.merges(json);
        Set<Merge> known = new HashSet<>(merges);
        Map<String, Integer> ranks = new HashMap<>();
        String before = "";
        for (Merge merge : merges) {
            String token = merge.left() + merge.right();
            if (vocabulary.added().containsKey(token)) {
                continue;
            }
            if (!token.equals(before) && ranks.containsKey(token)) {
                throw GgufTokenizer.unsupported(
                        "/model/merges: those to %s have others between them, which scores of tokens cannot say"
                                .formatted(Quoted.of(token)));
            }
            ranks.putIfAbsent(token, ranks.size());
            before = token;
        }
        List<Float> scores = new ArrayList<>();
        for (String token : vocabulary.tokens()) {
            requireAllMerges(token, known, vocabulary);
            Integer rank = ranks.get(token);
            scores.add(rank == null ? 0f : -1f - rank);
        }
        return scores;
    }

    private static void requireAllMerges(String token, Set<Merge> known, GgufVocabulary vocabulary) {
        if (vocabulary.added().containsKey(token) || !vocabulary.ids().containsKey(token)) {
            return;
        }
        for (int at = token.offsetByCodePoints(0, token.isEmpty() ? 0 : 1); at < token.length(); at++) {
            if (Character.isLowSurrogate(token.charAt(at))) {
                continue;
            }
            String left = token.substring(0, at);
            String right = token.substring(at);
            boolean possible =
                    vocabulary.ids().containsKey(left) && vocabulary.ids().containsKey(right);
            if (possible && !isByte(token) && !known.contains(new Merge(left, right))) {
                throw GgufTokenizer.unsupported(
                        "/model/merges: %s and %s are not merged, but llama.cpp would merge them as SentencePiece does"
                                .formatted(Quoted.of(left), Quoted.of(right)));
            }
        }
    }

    private static boolean isByte(String token) {
        return token.length() == 6 && token.startsWith("<0x") && token.endsWith(">");
    }
}
