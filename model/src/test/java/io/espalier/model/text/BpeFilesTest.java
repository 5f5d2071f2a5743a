package io.espalier.model.text;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The demo model's vocabulary as vocab.json and merges.txt. The ids in {@code bpe-cases.json} are those of transformers' own
 * tokenizers, put together from the same two files; with_special is what they give with their defaults.
 */
class BpeFilesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path CASES = Path.of("src/test/resources/text/bpe-cases.json");

    @TempDir
    private Path folder;

    @BeforeEach
    void takeTheTokenizerApart() throws IOException {
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(GoldenCheckpoint.LLAMA.resolve(file), folder.resolve(file));
        }
        JsonNode model = JSON.readTree(
                        TokenizerTest.DEMO.resolve("llama/tokenizer.json").toFile())
                .get("model");
        JSON.writeValue(folder.resolve("vocab.json").toFile(), model.get("vocab"));
        List<String> merges = new ArrayList<>(List.of("#version: 0.2"));
        model.get("merges")
                .forEach(merge -> merges.add(
                        merge.isTextual()
                                ? merge.textValue()
                                : merge.get(0).textValue() + " " + merge.get(1).textValue()));
        Files.write(folder.resolve("merges.txt"), merges);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "qwen2"})
    void theIdsAreThoseOfTransformers(String kind) throws IOException {
        // Given
        JsonNode expected = JSON.readTree(CASES.toFile()).get(kind);
        JSON.writeValue(folder.resolve("tokenizer_config.json").toFile(), expected.get("config"));

        // When
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                Tokenizer tokenizer = Tokenizer.open(checkpoint)) {

            // Then
            for (JsonNode text : expected.get("cases")) {
                int[] ids = tokenizer.encode(text.get("text").textValue());
                assertThat(ids).as(text.toString()).containsExactly(ints(text.get("ids")));
                assertThat(IntStream.concat(IntStream.of(tokenizer.beginning()), IntStream.of(ids))
                                .toArray())
                        .containsExactly(ints(text.get("with_special")));
            }
        }
    }

    @Test
    void withoutAConfigTheKindIsTheModelTypes() throws IOException {
        // Given: a number is one token for each digit with Qwen2's kind alone
        Files.copy(
                Path.of("src/test/resources/golden/qwen2/config.json"),
                folder.resolve("config.json"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.copy(
                Path.of("src/test/resources/golden/qwen2/model.safetensors"),
                folder.resolve("model.safetensors"),
                StandardCopyOption.REPLACE_EXISTING);
        JsonNode expected =
                JSON.readTree(CASES.toFile()).get("qwen2").get("cases").get(1);

        // When
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                Tokenizer tokenizer = Tokenizer.open(checkpoint)) {

            // Then
            assertThat(tokenizer.encode(expected.get("text").textValue())).containsExactly(ints(expected.get("ids")));
        }
    }

    @Test
    void aKindThatNothingSaysIsRefused() throws IOException {
        assertRefused(ErrorCode.MODEL_UNSUPPORTED, "tokenizer_class \"\"", "save_pretrained('.')");
    }

    @Test
    void otherKindsAreRefusedWithTheLineThatConvertsThem() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"CLIPTokenizer\"}");

        assertRefused(ErrorCode.MODEL_UNSUPPORTED, "CLIPTokenizer", "save_pretrained('.')");
    }

    @Test
    void aSentencePieceModelAloneIsRefusedWithTheLineThatConvertsIt() throws IOException {
        Files.delete(folder.resolve("vocab.json"));
        Files.writeString(folder.resolve("tokenizer.model"), "binary");

        assertRefused(ErrorCode.MODEL_UNSUPPORTED, "tokenizer.model is not read", "save_pretrained('.')");
    }

    @Test
    void aMergeThatIsNotTwoTokensIsNamedByItsLine() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"GPT2TokenizerFast\"}");
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\na b\na b c\n");

        assertRefused(ErrorCode.MODEL_CORRUPT, "merges.txt: line 3");
    }

    private void assertRefused(ErrorCode code, String... parts) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertFails(code, () -> Tokenizer.open(checkpoint)).contains(parts);
        }
    }

    private static int[] ints(JsonNode array) {
        int[] ints = new int[array.size()];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = array.get(i).intValue();
        }
        return ints;
    }
}
