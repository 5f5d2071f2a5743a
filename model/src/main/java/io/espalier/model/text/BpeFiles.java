package io.espalier.model.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.StrictJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizer of a checkpoint without tokenizer.json, of byte-level BPE: {@code vocab.json} has the ids, {@code merges.txt} a
 * merge in each line, tokenizer_config.json and added_tokens.json the tokens that are never split. transformers puts the same
 * tokenizer together from them ({@code GPT2Tokenizer} and {@code Qwen2Tokenizer}).
 */
final class BpeFiles {
    private static final String VOCABULARY = "vocab.json";
    private static final String MERGES = "merges.txt";
    private static final String ADDED = "added_tokens.json";
    private static final long MAX_BYTES = 100_000_000;
    private static final String CLASS = "tokenizer_class";

    /** How Qwen2 cuts texts before the merges; GPT-2's way is built into the library. */
    private static final String QWEN_SPLIT = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private static final String GPT2 = "GPT2Tokenizer";
    private static final String QWEN2 = "Qwen2Tokenizer";
    private static final Set<String> LIKE_GPT2 = Set.of(GPT2, "GPTNeoXTokenizer");

    /** The kind of each model type whose tokenizer_config.json does not say it, as in transformers. */
    private static final Map<String, String> USUAL =
            Map.of("opt", GPT2, "gpt_neox", GPT2, "qwen2", QWEN2, "qwen3", QWEN2);

    /** In both kinds, of every role that the config does not mention. */
    private static final String USUAL_SPECIAL = "<|endoftext|>";

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private BpeFiles() {}

    /**
     * The tokenizer as tokenizer.json would have it.
     *
     * @param modelType such as {@code opt}, for a config that does not say the kind
     * @param files of the checkpoint beside its weights, by name
     * @param config tokenizer_config.json; missing where there is none
     * @throws EspalierException {@code MODEL_UNSUPPORTED} for other files and other kinds of tokenizers, with the line that makes
     *     a tokenizer.json; {@code MODEL_CORRUPT} naming the file and the line
     */
    static byte[] tokenizerJson(String modelType, Map<String, Path> files, JsonNode config) {
        Path vocabulary = files.get(VOCABULARY);
        Path merges = files.get(MERGES);
        if (vocabulary == null || merges == null) {
            throw unsupported(
                    "missing" + (files.containsKey("tokenizer.model") ? ", and tokenizer.model is not read" : ""));
        }
        String kind =
                config.path(CLASS).asText(USUAL.getOrDefault(modelType, "")).replaceFirst("Fast$", "");
        if (!LIKE_GPT2.contains(kind) && !kind.equals(QWEN2)) {
            throw unsupported("missing, and tokenizer_class %s is not put together from vocab.json and merges.txt"
                    .formatted(Quoted.of(kind)));
        }
        ObjectNode ids = StrictJson.readObject(vocabulary, MAX_BYTES);
        boolean spaceBefore = config.path("add_prefix_space").asBoolean(false);
        ObjectNode json = NODES.objectNode();
        json.put("version", "1.0").putNull("truncation").putNull("padding");
        json.set("added_tokens", addedTokens(ids, files.get(ADDED), config));
        if (kind.equals(QWEN2)) {
            json.putObject("normalizer").put("type", "NFC");
            ObjectNode split = NODES.objectNode()
                    .put("type", "Split")
                    .put("behavior", "Isolated")
                    .put("invert", false);
            split.putObject("pattern").put("Regex", QWEN_SPLIT);
            json.putObject("pre_tokenizer")
                    .put("type", "Sequence")
                    .putArray("pretokenizers")
                    .add(split)
                    .add(byteLevel(spaceBefore, false));
        } else {
            json.putNull("normalizer");
            json.set("pre_tokenizer", byteLevel(spaceBefore, true));
        }
        json.putNull("post_processor");
        json.set("decoder", byteLevel(true, true));
        ObjectNode model = json.putObject("model").put("type", "BPE");
        model.set("vocab", ids);
        model.set("merges", merges(merges));
        try {
            return StrictJson.MAPPER.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can be written", e);
        }
    }

    private static ObjectNode byteLevel(boolean spaceBefore, boolean splits) {
        return NODES.objectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", spaceBefore)
                .put("trim_offsets", true)
                .put("use_regex", splits);
    }

    private static ArrayNode merges(Path file) {
        ArrayNode merges = NODES.arrayNode();
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (line.isBlank() || (number == 1 && line.startsWith("#version"))) {
                    continue;
                }
                if (line.split(" ", -1).length != 2) {
                    throw corrupt(MERGES + ": line %d is not two tokens: %s".formatted(number, Quoted.of(line)));
                }
                merges.add(line);
            }
            return merges;
        } catch (CharacterCodingException e) {
            throw corrupt(MERGES + ": not UTF-8");
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, MERGES + ": cannot be read", e);
        }
    }

    /** Tokens that are found in a text before it is cut, by id. */
    private static ArrayNode addedTokens(ObjectNode ids, @Nullable Path file, JsonNode config) {
        Map<Integer, ObjectNode> added = new TreeMap<>();
        for (String role : new String[] {"bos_token", "eos_token", "unk_token", "pad_token"}) {
            JsonNode named = config.path(role);
            String token = named.isObject() ? named.path("content").asText() : named.asText(USUAL_SPECIAL);
            if (named.isNull() || !ids.path(token).isInt()) {
                continue;
            }
            added.put(
                    ids.path(token).intValue(),
                    token(ids.path(token).intValue(), token, NODES.objectNode().put("special", true)));
        }
        if (file != null) {
            StrictJson.readObject(file, MAX_BYTES).properties().forEach(entry -> {
                if (!entry.getValue().canConvertToInt()) {
                    throw corrupt("%s: the id of %s is no number".formatted(ADDED, Quoted.of(entry.getKey())));
                }
                int id = entry.getValue().intValue();
                added.put(id, token(id, entry.getKey(), NODES.objectNode()));
            });
        }
        config.path("added_tokens_decoder").properties().forEach(entry -> {
            if (!entry.getKey().matches("\\d{1,9}")
                    || !entry.getValue().path("content").isTextual()) {
                throw corrupt("tokenizer_config.json: added_tokens_decoder: %s has no id or no content"
                        .formatted(Quoted.of(entry.getKey())));
            }
            int id = Integer.parseInt(entry.getKey());
            added.put(id, token(id, entry.getValue().path("content").textValue(), entry.getValue()));
        });
        ArrayNode all = NODES.arrayNode();
        added.values().forEach(all::add);
        return all;
    }

    private static ObjectNode token(int id, String content, JsonNode flags) {
        ObjectNode token = NODES.objectNode().put("id", id).put("content", content);
        for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized", "special"}) {
            token.put(flag, flags.path(flag).asBoolean(false));
        }
        return token;
    }

    private static EspalierException corrupt(String what) {
        return new EspalierException(ErrorCode.MODEL_CORRUPT, what + "; restore the file");
    }

    private static EspalierException unsupported(String why) {
        return new EspalierException(
                ErrorCode.MODEL_UNSUPPORTED,
                ("%s: %s; in the model's folder run: python -c \"from transformers import AutoTokenizer;"
                                + " AutoTokenizer.from_pretrained('.').save_pretrained('.')\"")
                        .formatted(Tokenizer.FILE, why));
    }
}
