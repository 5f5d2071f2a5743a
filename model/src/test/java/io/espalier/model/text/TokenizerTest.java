package io.espalier.model.text;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.model.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
    static final Path DEMO = Path.of("../deploy/demo");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    record Golden(String text, int[] ids, String decoded) {
        static Golden of(JsonNode node) {
            return new Golden(
                    node.get("text").textValue(),
                    StreamSupport.stream(node.get("ids").spliterator(), false)
                            .mapToInt(JsonNode::intValue)
                            .toArray(),
                    node.get("decoded").textValue());
        }
    }

    static List<Golden> cases() throws IOException {
        List<Golden> cases = new ArrayList<>();
        JSON.readTree(Path.of("src/test/resources/text/tokenizer-cases.json").toFile())
                .get("cases")
                .forEach(node -> cases.add(Golden.of(node)));
        return cases;
    }

    /** {@code post_processor} as transformers writes it where a model was trained with a first token. */
    private static final String FIRST_TOKEN = """
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
             "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
             "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}}}
            """;

    /** The same behind the text, which begins nothing. */
    private static final String LAST_TOKEN =
            FIRST_TOKEN.replaceFirst("\\[(\\{\"SpecialToken.*?\\}\\}), (\\{\"Sequence.*?\\}\\})\\]", "[$2, $1]");

    private static final String BYTES_ALONE =
            "{\"type\": \"ByteLevel\", \"add_prefix_space\": true, \"trim_offsets\": false, \"use_regex\": true}";

    static Stream<Arguments> beginnings() {
        String both = "{\"type\": \"Sequence\", \"processors\": [%s, %s]}".formatted(BYTES_ALONE, FIRST_TOKEN);
        return Stream.of(
                arguments(BYTES_ALONE, "{}", new int[0]),
                arguments(BYTES_ALONE, "{\"bos_token\": \"<|endoftext|>\"}", new int[0]),
                arguments(FIRST_TOKEN, "{}", new int[] {0}),
                arguments(both, "{}", new int[] {0}),
                arguments(LAST_TOKEN, "{}", new int[0]),
                arguments(FIRST_TOKEN, "{\"add_bos_token\": false}", new int[0]),
                arguments(BYTES_ALONE, "{\"add_bos_token\": true, \"bos_token\": \"<|endoftext|>\"}", new int[] {0}),
                arguments(
                        BYTES_ALONE,
                        "{\"add_bos_token\": true, \"bos_token\": {\"content\": \"<|endoftext|>\"}}",
                        new int[] {0}),
                arguments(BYTES_ALONE, "{\"add_bos_token\": true}", new int[0]));
    }

    @ParameterizedTest
    @MethodSource("beginnings")
    void aSequenceBeginsAsTheTokenizerHasIt(String postProcessor, String config, int[] expected) throws IOException {
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(DEMO.resolve("llama").resolve(file), folder.resolve(file));
        }
        ObjectNode json =
                (ObjectNode) JSON.readTree(DEMO.resolve("llama/tokenizer.json").toFile());
        json.set("post_processor", JSON.readTree(postProcessor));
        JSON.writeValue(folder.resolve("tokenizer.json").toFile(), json);
        Files.writeString(folder.resolve("tokenizer_config.json"), config);

        try (Checkpoint checkpoint = Checkpoint.open(folder);
                Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            assertThat(tokenizer.beginning()).isEqualTo(expected);
            assertThat(tokenizer.encode("Hello")).containsExactly(40, 788, 79);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tokenisesAsTheReferenceDoes(Golden golden) {
        try (Checkpoint checkpoint = Checkpoint.open(DEMO.resolve("llama"));
                Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            int[] ids = tokenizer.encode(golden.text());

            assertThat(ids).isEqualTo(golden.ids());
            assertThat(tokenizer.decode(ids)).isEqualTo(golden.decoded());
        }
    }

    /** A tokenizer.json saved after training often contains the truncation and padding used in training. */
    @Test
    void neitherTruncatesNorPads() throws IOException {
        ObjectNode json =
                (ObjectNode) JSON.readTree(DEMO.resolve("llama/tokenizer.json").toFile());
        json.putObject("truncation")
                .put("direction", "Right")
                .put("max_length", 3)
                .put("strategy", "LongestFirst")
                .put("stride", 0);
        json.putObject("padding")
                .put("direction", "Right")
                .put("pad_id", 0)
                .put("pad_type_id", 0)
                .put("pad_token", "<|endoftext|>")
                .putNull("pad_to_multiple_of")
                .putObject("strategy")
                .put("Fixed", 20);
        Path file = folder.resolve("tokenizer.json");
        JSON.writeValue(file.toFile(), json);

        try (Tokenizer tokenizer = Tokenizer.open(file)) {
            assertThat(tokenizer.encode("Hello, world!")).containsExactly(40, 788, 79, 12, 747, 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "not json", "{\"model\":{\"type\":\"Unheard\"}}"})
    void refusesAFileThatIsNoTokenizer(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("tokenizer.json"), content);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> Tokenizer.open(file)).contains("tokenizer.json");
    }

    @Test
    void namesTheFileThatIsMissing() {
        assertFails(ErrorCode.MODEL_CORRUPT, () -> Tokenizer.open(folder.resolve("tokenizer.json")))
                .contains("tokenizer.json");
    }
}
