package io.espalier.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SplitPatternTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                // GPT-2, Llama 3, GPT-4o, DeepSeek, digits in threes from the right, StarCoder
                "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{M}]*[\\p{Ll}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*",
                "\\d{1,3}(?=(?:\\d{3})*\\b)",
                "[]+]+(a)",
                "(a+)(b+)?"
            })
    void whatTokenizersSplitByIsTaken(String pattern) {
        assertThat(SplitPattern.repeatsARepetition(pattern)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"(a+)+", "((?:a*)b)*$", "x(y{2,}z)+", "(?:[^)]+|b)*", "((a+)?)*", "(\\(+)+"})
    void aRepeatedRepetitionIsFound(String pattern) {
        assertThat(SplitPattern.repeatsARepetition(pattern)).isTrue();
    }
}
