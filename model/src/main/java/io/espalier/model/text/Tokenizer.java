package io.espalier.model.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.chat.ChatTemplate;
import io.espalier.model.chat.ChatTemplateException;
import io.espalier.model.chat.ChatTemplates;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.StrictJson;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Converts text to token ids and back with the checkpoint's {@code tokenizer.json}, or what {@link BpeFiles} makes of others. */
public final class Tokenizer implements AutoCloseable {
    public static final String FILE = "tokenizer.json";
    public static final String CONFIG = "tokenizer_config.json";
    private static final long MAX_BYTES = 200_000_000;
    private static final long MAX_CONFIG_BYTES = 16_000_000;
    private static final String ADD_BOS = "add_bos_token";
    private static final String BOS = "bos_token";
    private static final String EOS = "eos_token";
    /** Any text with a token. */
    private static final String PROBE = "a";

    private static final Map<String, String> AS_IS =
            Map.of("addSpecialTokens", "false", "truncation", "do_not_truncate", "padding", "do_not_pad");

    private final HuggingFaceTokenizer tokenizer;
    private final JsonNode config;
    private final Map<String, Path> files;
    private @Nullable ChatTemplate chat;

    private Tokenizer(HuggingFaceTokenizer tokenizer, JsonNode config, Map<String, Path> files) {
        this.tokenizer = tokenizer;
        this.config = config;
        this.files = files;
    }

    /**
     * The tokenizer of a checkpoint: tokenizer.json, or what can stand for it.
     *
     * @throws EspalierException {@code MODEL_CORRUPT} when it or tokenizer_config.json cannot be used; {@code MODEL_UNSUPPORTED}
     *     as in {@link BpeFiles#tokenizerJson}
     */
    public static Tokenizer open(Checkpoint checkpoint) {
        Map<String, Path> files = checkpoint.companions();
        JsonNode config = settings(checkpoint);
        return files.containsKey(FILE)
                ? open(checkpoint.file(FILE), config, files)
                : open(
                        () -> new ByteArrayInputStream(
                                BpeFiles.tokenizerJson(checkpoint.config().modelType(), files, config)),
                        config,
                        files);
    }

    /**
     * The tokenizer.json of a checkpoint, or what {@link BpeFiles} makes of other files, for those who write tokenizers in other
     * formats.
     *
     * @throws EspalierException as {@link #open(Checkpoint)}
     */
    public static ObjectNode json(Checkpoint checkpoint) {
        Map<String, Path> files = checkpoint.companions();
        if (files.containsKey(FILE)) {
            return StrictJson.readObject(checkpoint.file(FILE), MAX_BYTES);
        }
        byte[] made = BpeFiles.tokenizerJson(checkpoint.config().modelType(), files, settings(checkpoint));
        try {
            return (ObjectNode) StrictJson.MAPPER.readTree(made);
        } catch (IOException e) {
            throw new IllegalStateException("it was just written", e);
        }
    }

    /** tokenizer_config.json; missing where there is none. */
    public static JsonNode settings(Checkpoint checkpoint) {
        Path settings = checkpoint.companions().get(CONFIG);
        return settings == null ? MissingNode.getInstance() : StrictJson.readObject(settings, MAX_CONFIG_BYTES);
    }

    static Tokenizer open(Path tokenizerJson) {
        return open(tokenizerJson, MissingNode.getInstance(), Map.of());
    }

    private static Tokenizer open(Path tokenizerJson, JsonNode config, Map<String, Path> files) {
        return open(
                () -> {
                    if (Files.size(tokenizerJson) > MAX_BYTES) {
                        throw new EspalierException(
                                ErrorCode.MODEL_CORRUPT, FILE + ": larger than " + MAX_BYTES + " bytes");
                    }
                    return Files.newInputStream(tokenizerJson);
                },
                config,
                files);
    }

    @FunctionalInterface
    private interface Source {
        InputStream open() throws IOException;
    }

    private static Tokenizer open(Source source, JsonNode config, Map<String, Path> files) {
        try {
            try (InputStream json = source.open()) {
                TokenizerCheck.check(json);
            }
            try (InputStream json = source.open()) {
                return new Tokenizer(HuggingFaceTokenizer.newInstance(json, AS_IS), config, files);
            }
        } catch (EspalierException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT, FILE + ": missing or no Hugging Face tokenizer; restore the file", e);
        }
    }

    /** The tokens of a text alone, without any that the tokenizer would put around it. */
    public int[] encode(String text) {
        return ids(text, false);
    }

    /**
     * What this tokenizer puts before a text: the token that begins a sequence, if the model was trained with one. A user's
     * {@code add_bos_token} in tokenizer_config.json decides; without it, {@code post_processor} of tokenizer.json does.
     *
     * @return ids, mostly one or none
     */
    public int[] beginning() {
        int[] processed = beforeText();
        JsonNode add = config.path(ADD_BOS);
        if (!add.isBoolean()) {
            return processed;
        }
        if (!add.booleanValue()) {
            return new int[0];
        }
        return processed.length > 0 ? processed : bos().stream().toArray();
    }

    /**
     * The one token that begins a sequence, whether this tokenizer puts it there or not.
     *
     * @return its id in an array; empty where it has none
     */
    public int[] bosToken() {
        int[] processed = beforeText();
        return processed.length > 0 ? processed : bos().stream().toArray();
    }

    /** The tokens of a text that a model continues: what begins a sequence, then the text. */
    public int[] prompt(String text) {
        int[] begins = beginning();
        int[] ids = encode(text);
        int[] all = Arrays.copyOf(begins, begins.length + ids.length);
        System.arraycopy(ids, 0, all, begins.length, ids.length);
        return all;
    }

    /** The token that ends a text; empty where tokenizer_config.json names none. */
    public OptionalInt end() {
        return special(EOS);
    }

    /**
     * The token that the first one of a text is judged behind, where the text has none before it: the one that begins a sequence,
     * else the one that ends it.
     *
     * @throws EspalierException {@code MODEL_UNSUPPORTED} when the tokenizer names neither
     */
    public int beforeFirst() {
        int[] begins = bosToken();
        if (begins.length > 0) {
            return begins[0];
        }
        return special(EOS)
                .orElseThrow(
                        () -> new EspalierException(
                                ErrorCode.MODEL_UNSUPPORTED,
                                "tokenizer_config.json: names no token that begins or ends a sequence; add bos_token or eos_token"));
    }

    private int[] beforeText() {
        int[] around = ids(PROBE, true);
        int[] alone = ids(PROBE, false);
        for (int from = 0; from + alone.length <= around.length; from++) {
            if (Arrays.equals(around, from, from + alone.length, alone, 0, alone.length)) {
                return Arrays.copyOf(around, from);
            }
        }
        return new int[0];
    }

    private OptionalInt bos() {
        return special(BOS);
    }

    private OptionalInt special(String name) {
        String text = specialText(name);
        int[] ids = text.isEmpty() ? new int[0] : ids(text, false);
        return ids.length == 1 ? OptionalInt.of(ids[0]) : OptionalInt.empty();
    }

    private String specialText(String name) {
        JsonNode named = config.path(name);
        return named.isObject() ? named.path("content").asText() : named.asText();
    }

    /**
     * A conversation as the model's chat template writes it, without the token that begins a sequence.
     *
     * @param messages an array of objects with {@code role} and {@code content}
     * @throws ChatTemplateException when there is no template, or it cannot be put around them
     */
    public String conversation(JsonNode messages) throws ChatTemplateException {
        if (chat == null) {
            String template = ChatTemplates.of(files, config).get(ChatTemplates.USUAL);
            if (template == null) {
                throw new ChatTemplateException(
                        "holds messages, and the model has no chat template;"
                                + " put the chat_template.jinja of a model of its kind beside it, or write their text into a column text");
            }
            chat = new ChatTemplate(template, specialText(EOS));
        }
        return chat.text(messages);
    }

    private int[] ids(String text, boolean special) {
        return used(() -> Arrays.stream(tokenizer.encode(text, special, false).getIds())
                .mapToInt(Math::toIntExact)
                .toArray());
    }

    /** The library throws nothing more precise when the file contradicts itself, and some texts show that only. */
    private static <T> T used(Supplier<T> library) {
        try {
            return library.get();
        } catch (RuntimeException e) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT,
                    "%s: cannot be used: %s; restore the file"
                            .formatted(FILE, Quoted.of(String.valueOf(e.getMessage()))),
                    e);
        }
    }

    /** The text of token ids, special tokens included. */
    public String decode(int[] ids) {
        return used(() -> tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), false));
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
