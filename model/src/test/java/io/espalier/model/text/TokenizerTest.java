package io.espalier.model.text;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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
