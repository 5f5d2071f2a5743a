package io.espalier.model.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.Python;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.tensor.MemoryBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the training of adapters leaves loads in peft, and gives there what it gives when it is merged here. */
class PeftIT {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(8, 16, 5);
    private static final LoraTraining TRAINING =
            new LoraTraining(4, 8, List.of(), LoraTraining.Objective.DISTILL, 20, 7, 5e-3, 4);

    @ParameterizedTest
    @ValueSource(strings = {"llama-gqa", "phi3", "opt", "bloom", "gpt-neox"})
    void peftGivesTheLogitsOfTheMergedModel(String family, @TempDir Path folder) throws IOException {
        Optional<String> lacking = Python.lacks("torch, transformers, peft");
        assumeTrue(lacking.isEmpty(), () -> "skipped: " + lacking.orElse(""));
        // Given
        Path student = folder.resolve("student");
        Path work = folder.resolve("work");
        Path merged = folder.resolve("merged");
        try (Students.Pair models = Students.of(GoldenCheckpoint.of(family), student)) {
            new TeacherPass(models.dense(), WINDOWS, MemoryBudget.DEFAULT).run(work, Progress.SILENT);
            new LoraDistillation(models.student(), models.layers(), WINDOWS, work, TRAINING, 1, MemoryBudget.DEFAULT)
                    .run(work, Progress.SILENT);
            try (CheckpointWriter writer = CheckpointWriter.create(
                    merged, List.copyOf(models.student().tensors().values()))) {
                LoraDistillation.merge(models.student(), TRAINING, work, writer, Progress.SILENT);
                writer.finish();
            }
            Files.copy(student.resolve("config.json"), merged.resolve("config.json"));
        }

        // When
        Python.Run run =
                Python.example("load_adapter.py", List.of(student.toString(), work.toString(), merged.toString()));

        // Then
        assertThat(run.status()).as(run.output()).isZero();
    }
}
