package io.espalier.evaluator.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.Progress;
import io.espalier.evaluator.llama.LlamaFailure;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.export.GgufExport;
import io.espalier.model.export.GgufType;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.transformer.ResidentModel;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GenerateProgramTest {
    private static final Path MODELS =
            Path.of("..", "deploy", "demo").toAbsolutePath().normalize();
    private static final String PROMPT = "The history of";
    private static final int TOKENS = 8;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"checkpoint", "file", "folder with a file"})
    void aPromptIsContinuedWithTheMostLikelyTokens(String kind) throws LlamaFailure {
        Path model = model(kind);

        String text = generated(model, new GenerateProgram.Choice(TOKENS, 0, 1));

        assertThat(text).isEqualTo(PROMPT + ours() + "\n");
    }

    @Test
    void aSeedDecidesWhatATemperatureAboveZeroGives() throws LlamaFailure {
        GenerateProgram.Choice choice = new GenerateProgram.Choice(TOKENS, 1, 7);
        Path model = model("file");

        String once = generated(model, choice);

        assertThat(generated(model, choice)).isEqualTo(once);
        assertThat(generated(model, new GenerateProgram.Choice(TOKENS, 1, 8))).isNotEqualTo(once);
    }

    @Test
    void aModelThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> generated(folder.resolve("none"), new GenerateProgram.Choice(TOKENS, 0, 1)))
                .isInstanceOf(LlamaFailure.class)
                .hasMessageContaining("none");
    }

    private Path model(String kind) {
        if (kind.equals("checkpoint")) {
            return MODELS.resolve("llama");
        }
        Path file = folder.resolve("model-f32.gguf");
        try (Checkpoint checkpoint = Checkpoint.open(MODELS.resolve("llama"))) {
            GgufExport.of(checkpoint, GgufType.F32).write(file, Progress.SILENT);
        }
        return kind.equals("file") ? file : folder;
    }

    private static String generated(Path model, GenerateProgram.Choice choice) throws LlamaFailure {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        GenerateProgram.run(MODELS, model, PROMPT, choice, new PrintStream(out, true, StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    private static String ours() {
        try (Checkpoint checkpoint = Checkpoint.open(MODELS.resolve("llama"));
                Tokenizer tokenizer = Tokenizer.open(checkpoint);
                ResidentModel model = ResidentModel.load(checkpoint);
                ResidentModel.Generation text = model.begin()) {
            int[] ids = new int[TOKENS];
            ids[0] = text.read(tokenizer.encode(PROMPT));
            for (int i = 1; i < TOKENS; i++) {
                ids[i] = text.read(ids[i - 1]);
            }
            return tokenizer.decode(ids);
        }
    }
}
