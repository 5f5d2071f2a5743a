package io.espalier.model.text;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.EspalierException;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each of these ends the process, or gives other tokens each time, where the native library reads it unchecked. */
class TokenizerCheckTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[]                                                                            | is no JSON object",
                "{\"decoder\": {\"type\": \"Fuse\"                                             | malformed JSON",
                "{\"decoder\": {\"type\": \"\\ud800\"}}                                        | /decoder/type has half of a character",
                "{\"decoder\": {\"content\": 1e999}}                                           | /decoder/content is no finite number",
                "{\"decoder\": {\"type\": \"Strip\", \"stop\": 1}}                             | /decoder/stop cuts characters",
                "{\"normalizer\": {\"type\": \"Precompiled\"}}                                 | has no precompiled_charsmap",
                "{\"normalizer\": {\"precompiled_charsmap\": null}}                            | /normalizer/precompiled_charsmap is no text",
                "{\"normalizer\": {\"precompiled_charsmap\": \"?\"}}                           | is not base64",
                "{\"normalizer\": {\"precompiled_charsmap\": \"AAAAAA==\"}}                    | has a trie of 0 bytes",
                "{\"pre_tokenizer\": {\"pattern\": {\"Regex\": \"(a+)+$\"}}}                   | /pre_tokenizer/pattern/Regex repeats",
                "{\"post_processor\": {\"single\": [{\"SpecialToken\": {\"id\": \"<s>\"}}], \"special_tokens\": {\"</s>\": {}}}} | wants the special token \"<s>\"",
                "{\"post_processor\": {\"single\": [{\"Sequence\": {\"id\": \"B\"}}]}}           | /post_processor/single/0/Sequence/id wants a second text",
                "{\"model\": {\"dropout\": 0.1}}                                               | /model/dropout would give other tokens",
                "{\"model\": {\"merges\": [], \"continuing_subword_prefix\": \"##\"}}          | continuing_subword_prefix"
            })
    void whatTheLibraryDiesOfIsRefusedWithItsPlace(String json, String message) {
        // When
        ThrowingCallable check = () -> check(json);

        // Then
        assertThatThrownBy(check).isInstanceOf(EspalierException.class).hasMessageContaining(message);
    }

    @Test
    void aMapWhoseTrieLeadsOutsideIsRefused() {
        // When
        ThrowingCallable offset = () -> check(map(1 << 20, ""));
        ThrowingCallable text = () -> check(map((1 << 31) | 3, "ab"));
        ThrowingCallable half = () -> check(map((1 << 31) | 1, "\u00e9"));

        // Then
        for (ThrowingCallable refused : new ThrowingCallable[] {offset, text, half}) {
            assertThatThrownBy(refused).hasMessageContaining("leads outside");
        }
    }

    @Test
    void aMapWhoseTrieStaysInsideIsTaken() {
        assertThatCode(() -> check(map((1 << 31) | 2, "ab"))).doesNotThrowAnyException();
    }

    @Test
    void tokensMayBeCalledAsTheFileCallsItsSettings() {
        String names = "{\"dropout\": 1, \"stop\": 2, \"Regex\": 3, \"merges\": 4, \"id\": 5, \"type\": 6,"
                + " \"precompiled_charsmap\": 7, \"continuing_subword_prefix\": 8}";

        assertThatCode(() -> check("{\"model\": {\"type\": \"BPE\", \"vocab\": %s, \"merges\": []}}".formatted(names)))
                .doesNotThrowAnyException();
    }

    /** A map with one unit that is not empty. */
    private static String map(int unit, String texts) {
        byte[] bytes = texts.getBytes(StandardCharsets.UTF_8);
        ByteBuffer map = ByteBuffer.allocate(4 + 1024 + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        map.putInt(1024).putInt(unit).position(4 + 1024).put(bytes);
        return "{\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"%s\"}}"
                .formatted(Base64.getEncoder().encodeToString(map.array()));
    }

    private static void check(String json) throws Exception {
        TokenizerCheck.check(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)));
    }
}
