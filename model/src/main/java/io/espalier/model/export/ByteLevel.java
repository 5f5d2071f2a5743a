package io.espalier.model.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.file.Quoted;
import io.espalier.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Byte-level BPE. llama.cpp has the ways in which texts are split before the merges built in, each under a name.
 *
 * @param pre that name
 * @param merges two tokens each, the first one first
 * @param notes what a user should know
 */
record ByteLevel(String pre, List<String> merges, List<String> notes) {
    private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String BEFORE = "[^\\r\\n\\p{L}\\p{N}]?";
    private static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String PUNCTUATION = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*";
    private static final String WITH_SLASH = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*";

    /** Of Llama 3. */
    private static final String UP_TO_THREE_DIGITS =
            CONTRACTIONS + "|" + BEFORE + "\\p{L}+|\\p{N}{1,3}" + PUNCTUATION + SPACES;

    private static final String BY_CASE = BEFORE + UPPER + "*" + LOWER + "+%s|" + BEFORE + UPPER + "+" + LOWER + "*%s|";

    /** By the pattern that splits. */
    private static final Map<String, String> BY_PATTERN = Map.of(
            CONTRACTIONS + "|" + BEFORE + "\\p{L}+|\\p{N}" + PUNCTUATION + SPACES,
            "qwen2",
            BY_CASE.formatted("", "") + "\\p{N}" + WITH_SLASH + SPACES,
            "tekken",
            BY_CASE.formatted(CONTRACTIONS + "?", CONTRACTIONS + "?") + "\\p{N}{1,3}" + WITH_SLASH + SPACES,
            "gpt-4o",
            " ?[^(\\s|[.,!?…。，、।۔،])]+",
            "bloom");

    ByteLevel {
        merges = List.copyOf(merges);
        notes = List.copyOf(notes);
    }

    static ByteLevel of(ObjectNode json, GgufVocabulary vocabulary) {
        JsonNode model = json.path("model");
        List<String> notes = new ArrayList<>();
        for (JsonNode normalizer : TokenizerSteps.of(json.path("normalizer"), "normalizers")) {
            if (!normalizer.path("type").asText().equals("NFC")) {
                throw GgufTokenizer.unsupported("/normalizer/type %s has no counterpart in llama.cpp"
                        .formatted(Quoted.of(normalizer.path("type").asText())));
            }
            notes.add(
                    Tokenizer.FILE
                            + ": texts are brought into Unicode's form NFC, which llama.cpp leaves to the caller; most texts are in it");
        }
        if (!model.path("unk_token").asText("").isEmpty() && !hasAllBytes(vocabulary)) {
            throw GgufTokenizer.unsupported(
                    "/model/unk_token stands for bytes that are no token, and llama.cpp leaves those out");
        }
        String pre = pre(json.path("pre_tokenizer"), model.path("ignore_merges").asBoolean());
        return new ByteLevel(pre, merges(model.path("merges")), notes);
    }

    private static String pre(JsonNode preTokenizer, boolean ignoresMerges) {
        List<JsonNode> steps = TokenizerSteps.of(preTokenizer, "pretokenizers");
        JsonNode last = steps.isEmpty() ? preTokenizer : steps.get(steps.size() - 1);
        if (!last.path("type").asText().equals("ByteLevel")) {
            throw GgufTokenizer.unsupported(
                    "/pre_tokenizer: neither byte-level BPE nor BPE with byte_fallback; llama.cpp has no other");
        }
        if (last.path("add_prefix_space").asBoolean()) {
            throw GgufTokenizer.unsupported("/pre_tokenizer: add_prefix_space has no counterpart in llama.cpp");
        }
        boolean asGpt2 = last.path("use_regex").asBoolean(true);
        String pre = "";
        if (steps.size() == 1 && asGpt2) {
            pre = "gpt-2";
        } else if (steps.size() == 2 && asGpt2 && isDigits(steps.get(0))) {
            pre = "smollm";
        } else if (steps.size() == 2 && !asGpt2 && isSplit(steps.get(0))) {
            String pattern = steps.get(0).path("pattern").path("Regex").asText();
            pre = pattern.equals(UP_TO_THREE_DIGITS)
                    ? ignoresMerges ? "llama-bpe" : "smaug-bpe"
                    : BY_PATTERN.getOrDefault(pattern, "");
        }
        if (pre.isEmpty()) {
            throw GgufTokenizer.unsupported("/pre_tokenizer: no way to split texts that llama.cpp is known to have: %s"
                    .formatted(Quoted.of(preTokenizer.toString())));
        }
        boolean ignoredThere = pre.equals("llama-bpe") || pre.equals("tekken");
        if (ignoredThere != ignoresMerges) {
            throw GgufTokenizer.unsupported(
                    "/model/ignore_merges: %s, and llama.cpp does otherwise for texts split as %s"
                            .formatted(ignoresMerges, pre));
        }
        return pre;
    }

    private static boolean isDigits(JsonNode step) {
        return step.path("type").asText().equals("Digits")
                && step.path("individual_digits").asBoolean();
    }

    /** Whether the matches are the parts. The patterns match every character, so what lies between them is nothing. */
    private static boolean isSplit(JsonNode step) {
        String behavior = step.path("behavior").asText();
        boolean inverted = step.path("invert").asBoolean();
        return step.path("type").asText().equals("Split")
                && (inverted ? behavior.equals("Removed") : behavior.equals("Isolated"));
    }

    private static List<String> merges(JsonNode merges) {
        List<String> all = new ArrayList<>();
        for (TokenizerSteps.Merge merge : TokenizerSteps.merges(merges)) {
            if (merge.left().contains(" ") || merge.right().contains(" ")) {
                throw GgufTokenizer.unsupported(
                        "/model/merges: a token with a space, %s".formatted(Quoted.of(merge.left() + merge.right())));
            }
            all.add(merge.left() + " " + merge.right());
        }
        return all;
    }

    /** Bytes that print stand for themselves, the others for characters from 256 on. */
    private static boolean hasAllBytes(GgufVocabulary vocabulary) {
        int[] printing = IntStream.concat(
                        IntStream.rangeClosed('!', '~'),
                        IntStream.concat(IntStream.rangeClosed('¡', '¬'), IntStream.rangeClosed('®', 'ÿ')))
                .toArray();
        return IntStream.concat(IntStream.of(printing), IntStream.range(256, 512 - printing.length))
                .allMatch(letter -> vocabulary.ids().containsKey(Character.toString(letter)));
    }
}
