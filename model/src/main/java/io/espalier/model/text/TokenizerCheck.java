package io.espalier.model.text;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a tokenizer.json that the native library does not refuse but ends the process for. It is written in Rust, and there a
 * failed expectation cannot cross into the JVM. Also refused is what would give other tokens each time.
 */
final class TokenizerCheck {
    private static final String SPECIAL_TOKENS = "special_tokens";
    private static final String VOCABULARY = "vocab";

    /** Which text a template of one text wants. */
    private static final Pattern SECOND_OF_ONE = Pattern.compile(".*/single/\\d+/Sequence/id");

    private final JsonParser json;
    private final CharsetEncoder utf8 = StandardCharsets.UTF_8.newEncoder();
    private final Deque<Named> objects = new ArrayDeque<>();
    private final Set<String> wanted = new HashSet<>();
    private final Set<String> defined = new HashSet<>();
    private boolean prefixed;
    private boolean merges;

    /** What an object has that is read now. */
    private static final class Named {
        private boolean precompiled;
        private boolean map;
    }

    private TokenizerCheck(JsonParser json) {
        this.json = json;
    }

    /** @throws EspalierException {@code MODEL_CORRUPT} or {@code MODEL_UNSUPPORTED} naming the place in the file */
    static void check(InputStream tokenizerJson) throws IOException {
        try (JsonParser json = StrictJson.parser(tokenizerJson)) {
            new TokenizerCheck(json).check();
        } catch (JsonProcessingException | CharacterCodingException e) {
            throw StrictJson.malformed(Tokenizer.FILE, e);
        }
    }

    private void check() throws IOException {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw corrupt("is no JSON object");
        }
        objects.push(new Named());
        String name = "";
        while (json.nextToken() != null) {
            switch (json.currentToken()) {
                case FIELD_NAME -> {
                    name = json.currentName();
                    requireUnicode(name);
                    if (SPECIAL_TOKENS.equals(parentName())) {
                        defined.add(name);
                    }
                }
                case VALUE_STRING -> requireUnicode(json.getText());
                case VALUE_NUMBER_FLOAT -> {
                    if (!Double.isFinite(json.getDoubleValue())) {
                        throw corrupt("is no finite number");
                    }
                }
                case START_OBJECT -> objects.push(new Named());
                case END_OBJECT -> requireComplete(objects.poll());
                default -> {}
            }
            if (json.currentToken() != JsonToken.FIELD_NAME) {
                requireUsable(name);
                name = "";
            }
        }
        wanted.removeAll(defined);
        if (!wanted.isEmpty()) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT,
                    "%s: /post_processor wants the special token %s, which it does not define; restore the file"
                            .formatted(
                                    Tokenizer.FILE, Quoted.of(wanted.iterator().next())));
        }
        if (prefixed && merges) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED, Tokenizer.FILE + ": a BPE with continuing_subword_prefix is not read");
        }
    }

    /** @param name of the value that the parser stands at; empty inside an array */
    private void requireUsable(String name) throws IOException {
        if (VOCABULARY.equals(parentName())) {
            // Its names are tokens, and may be any word.
            return;
        }
        JsonToken value = json.currentToken();
        switch (name) {
            case "type" -> {
                if (json.getText().equals("Precompiled")) {
                    objects.element().precompiled = true;
                }
            }
            case "precompiled_charsmap" -> {
                objects.element().map = true;
                Optional<String> wrong = value == JsonToken.VALUE_STRING
                        ? CharacterMap.wrong(json.getText())
                        : Optional.of("is no text");
                wrong.ifPresent(what -> {
                    throw corrupt(what);
                });
            }
            case "Regex" -> {
                if (value == JsonToken.VALUE_STRING && SplitPattern.repeatsARepetition(json.getText())) {
                    throw unsupported("repeats a group that repeats, which takes for ever on some texts");
                }
            }
            case "continuing_subword_prefix" -> {
                // WordPiece has it too, and always; BPE cuts it off the tokens that it merges without looking whether
                // it is there.
                prefixed |= value == JsonToken.VALUE_STRING && !json.getText().isEmpty();
            }
            case "stop" -> {
                // The library cuts that many characters off every token, also off those that have fewer.
                if (value.isNumeric() && json.getDoubleValue() != 0) {
                    throw unsupported("cuts characters off the end of tokens, which is not read; a Llama has 0");
                }
            }
            case "dropout" -> {
                if (value.isNumeric() && json.getDoubleValue() != 0) {
                    throw unsupported("would give other tokens each time; set it to null");
                }
            }
            case "merges" -> merges = true;
            case "id" -> {
                if ("SpecialToken".equals(parentName())) {
                    wanted.add(json.getText());
                }
                if (SECOND_OF_ONE.matcher(at()).matches() && !json.getText().equals("A")) {
                    throw corrupt("wants a second text where there is one");
                }
            }
            default -> {}
        }
    }

    private void requireComplete(@Nullable Named object) {
        if (object != null && object.precompiled && !object.map) {
            throw corrupt("has no precompiled_charsmap");
        }
    }

    /** A surrogate without its other half cannot be. */
    private void requireUnicode(String text) {
        if (!utf8.canEncode(text)) {
            throw corrupt("has half of a character");
        }
    }

    /** Of the object or array that the value is in; null at the top. */
    private @Nullable String parentName() {
        JsonStreamContext parent = json.getParsingContext().getParent();
        return parent == null ? null : parent.getCurrentName();
    }

    private String at() {
        return json.getParsingContext().pathAsPointer().toString();
    }

    private EspalierException corrupt(String what) {
        return new EspalierException(
                ErrorCode.MODEL_CORRUPT, "%s: %s %s; restore the file".formatted(Tokenizer.FILE, at(), what));
    }

    private EspalierException unsupported(String what) {
        return new EspalierException(ErrorCode.MODEL_UNSUPPORTED, "%s: %s %s".formatted(Tokenizer.FILE, at(), what));
    }
}
