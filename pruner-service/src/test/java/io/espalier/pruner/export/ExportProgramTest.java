package io.espalier.pruner.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportProgramTest {
    private static final Path MODELS = Path.of("..", "deploy", "demo");

    @TempDir
    Path folder;

    @Test
    void aGgufFileIsWrittenAndDescribed() {
        Path file = folder.resolve("demo.gguf");

        String written = ExportProgram.run(MODELS, "llama", "F16", file, Progress.SILENT);

        assertThat(written).contains("architecture llama", "demo.gguf");
        assertThat(file).isNotEmptyFile().content(StandardCharsets.ISO_8859_1).startsWith("GGUF");
    }

    @Test
    void aCopyForTransformersHasTheTensorsAndCompanionsOfItsSource() {
        Path copy = folder.resolve("copy");

        ExportProgram.run(MODELS, "llama", "transformers", copy, Progress.SILENT);

        try (Checkpoint source = Checkpoint.open(MODELS.resolve("llama"));
                Checkpoint written = Checkpoint.open(copy)) {
            assertThat(written.tensors()).isEqualTo(source.tensors());
            assertThat(written.companions().keySet())
                    .isEqualTo(source.companions().keySet());
        }
    }

    @Test
    void aFolderThatIsThereIsNotTouched() throws Exception {
        Path copy = Files.createDirectory(folder.resolve("copy"));

        assertThatThrownBy(() -> ExportProgram.run(MODELS, "llama", "transformers", copy, Progress.SILENT))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("copy");

        assertThat(copy).isEmptyDirectory();
    }

    @Test
    void aFileThatIsThereIsNotReplaced() throws Exception {
        Path file = Files.writeString(folder.resolve("model.safetensors"), "weights");

        assertThatThrownBy(() -> ExportProgram.run(MODELS, "llama", "F16", file, Progress.SILENT))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("model.safetensors");

        assertThat(file).hasContent("weights");
    }

    @Test
    void whatLlamaCppDoesNotKnowIsRefusedAndLeavesNothing() {
        assertThatThrownBy(() -> ExportProgram.run(MODELS, "opt", "F16", folder.resolve("opt.gguf"), Progress.SILENT))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("opt");

        assertThat(folder).isEmptyDirectory();
    }
}
