package io.espalier.model.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.Cancellation;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.file.Digests;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecoveryTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(10, 12, 3);
    private static final LocalTraining LOCAL = new LocalTraining(true, 6, 4, 1e-3);
    private static final LoraTraining LORA =
            new LoraTraining(4, 8, List.of(), LoraTraining.Objective.DISTILL, 6, 4, 1e-3, 1);

    @TempDir
    private Path folder;

    private Students.Pair models;
    private Path teacher;

    @BeforeEach
    void openModels() throws IOException {
        models = Students.of(GoldenCheckpoint.LLAMA_GQA, folder.resolve("student"));
        teacher = folder.resolve("teacher");
        new TeacherPass(models.dense(), WINDOWS, MemoryBudget.DEFAULT).run(teacher, Progress.SILENT);
    }

    @AfterEach
    void closeModels() {
        models.close();
    }

    private LocalDistillation local(LocalTraining training) {
        return new LocalDistillation(models.student(), Set.of(), WINDOWS, teacher, training, 1, MemoryBudget.DEFAULT);
    }

    private LoraDistillation lora() {
        return new LoraDistillation(models.student(), models.layers(), WINDOWS, teacher, LORA, 1, MemoryBudget.DEFAULT);
    }

    /** Stops the work after some reports of its progress, as a cancelled task is stopped. */
    private static void cutOff(long reports, Consumer<Progress> work) {
        Cancellation cancellation = new Cancellation();
        long[] left = {reports};
        assertThatThrownBy(() -> cancellation.around(() -> {
                    work.accept((unit, done, total, tokens) -> {
                        if (--left[0] == 0) {
                            cancellation.request("enough");
                        }
                    });
                    return 0;
                }))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("enough");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void aTeacherThatWasCutOffTeachesTheSame(long reports) throws IOException {
        TeacherPass pass = new TeacherPass(models.dense(), WINDOWS, MemoryBudget.DEFAULT);
        Path cut = folder.resolve("cut");
        cutOff(reports, progress -> pass.run(cut, progress));

        // When
        pass.run(cut, Progress.SILENT);

        // Then
        assertThat(files(cut)).isEqualTo(files(teacher));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 5, 6, 7, 12, 15})
    void aSequenceThatWasCutOffEndsInTheSameBytes(long reports) throws IOException {
        List<LossCurve> uncut = local(LOCAL).sequence(folder.resolve("uncut"), Progress.SILENT);
        Path cut = folder.resolve("cut");
        cutOff(reports, progress -> local(LOCAL).sequence(cut, progress));

        // When
        List<LossCurve> resumed = local(LOCAL).sequence(cut, Progress.SILENT);

        // Then
        assertThat(resumed).isEqualTo(uncut);
        assertThat(files(cut)).isEqualTo(files(folder.resolve("uncut")));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 3, 5})
    void adaptersThatWereCutOffEndInTheSameBytes(long reports) throws IOException {
        LossCurve uncut = lora().run(folder.resolve("uncut"), Progress.SILENT);
        Path cut = folder.resolve("cut");
        cutOff(reports, progress -> lora().run(cut, progress));

        // When
        LossCurve resumed = lora().run(cut, Progress.SILENT);

        // Then
        assertThat(resumed).isEqualTo(uncut);
        assertThat(files(cut)).isEqualTo(files(folder.resolve("uncut")));
    }

    @Test
    void whereMemoryIsScarceTheHiddenStatesOfAStepGoToDisk() throws IOException {
        LossCurve inMemory = lora().run(folder.resolve("memory"), Progress.SILENT);

        // When
        LossCurve onDisk;
        try (LoraPass pass = new LoraPass(lora(), folder.resolve("disk"), false)) {
            onDisk = pass.run(Progress.SILENT);
        }

        // Then
        assertThat(onDisk).isEqualTo(inMemory);
        try (Stream<Path> left = Files.list(folder.resolve("disk"))) {
            assertThat(left.filter(Files::isDirectory)).isEmpty();
        }
    }

    @Test
    void theFirstLayerLearnsTheSameBehindDenseLayersAndInASequence() throws IOException {
        local(LOCAL).sequence(folder.resolve("sequence"), Progress.SILENT);

        // When
        local(LOCAL).layer(0, folder.resolve("alone"), Progress.SILENT);

        // Then
        assertThat(Digests.sha256(folder.resolve("alone").resolve(LocalDistillation.file(0))))
                .isEqualTo(Digests.sha256(folder.resolve("sequence").resolve(LocalDistillation.file(0))));
    }

    @Test
    void aTrainingThatDoesNotHelpLeavesTheLayerAsItWas() throws IOException {
        Path out = folder.resolve("out");
        // Steps of this size destroy any layer.
        LocalTraining harmful = new LocalTraining(false, 3, 4, 0.9);

        // When
        LossCurve curve = local(harmful).layer(0, out, Progress.SILENT);

        // Then
        assertThat(curve.best()).isZero();
        assertThat(curve.after()).isEqualTo(curve.before());
        IntStream.range(1, models.layers()).forEach(layer -> local(harmful).layer(layer, out, Progress.SILENT));
        Path written = folder.resolve("written");
        try (CheckpointWriter writer = CheckpointWriter.create(
                written, List.copyOf(models.student().tensors().values()))) {
            RecoveredCheckpoint.write(models.student(), out, writer, Progress.SILENT);
            writer.finish();
        }
        assertThat(Digests.sha256(written.resolve("model.safetensors")))
                .isEqualTo(Digests.sha256(folder.resolve("student").resolve("model.safetensors")));
    }

    @Test
    void aLossThatIsNoNumberEndsTheTrainingAndNamesWhatToChange() throws IOException {
        // Given: a teacher whose hidden states overflow when they are squared.
        Path overflowing = folder.resolve("overflowing");
        Files.createDirectories(overflowing);
        for (int boundary = 0; boundary <= models.layers(); boundary++) {
            byte[] bytes = Files.readAllBytes(teacher.resolve("dense-%d.f32".formatted(boundary)));
            for (int i = 3; i < bytes.length; i += 4) {
                bytes[i] = 0x7e;
            }
            Files.write(overflowing.resolve("dense-%d.f32".formatted(boundary)), bytes);
        }
        LocalDistillation distillation =
                new LocalDistillation(models.student(), Set.of(), WINDOWS, overflowing, LOCAL, 1, MemoryBudget.DEFAULT);

        // When, then
        assertThatThrownBy(() -> distillation.layer(0, folder.resolve("out"), Progress.SILENT))
                .isInstanceOfSatisfying(InvalidSetting.class, refused -> assertThat(refused.setting())
                        .isEqualTo(Setting.LOCAL_LEARNING_RATE))
                .hasMessageContaining("layer 0")
                .hasMessageContaining("step");
        try (Stream<Path> left = Files.list(folder.resolve("out"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void adaptersNeedLayersThatTheModelHasAndARankThatFits() {
        ModelLayout layout = ModelLayout.of(models.student());

        assertThatThrownBy(() -> LoraDistillation.check(layout, adapting("fc1", 4)))
                .isInstanceOf(InvalidSetting.class)
                .hasMessageContaining("\"fc1\"")
                .hasMessageContaining("down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj");
        assertThatThrownBy(() -> LoraDistillation.check(layout, adapting("k_proj", 17)))
                .isInstanceOf(InvalidSetting.class)
                .hasMessageContaining("17 is above the width 8 of model.layers.0.self_attn.k_proj");
    }

    private static LoraTraining adapting(String linear, int rank) {
        return new LoraTraining(rank, 8, List.of(linear), LoraTraining.Objective.DISTILL, 6, 4, 1e-3, 1);
    }

    @Test
    void everyWindowTrainsOnceBeforeAnyTrainsAgainAndNoneJudges() {
        RecoveryWindows windows = RecoveryWindows.of(20);

        // When
        int[] trained = IntStream.range(0, 9)
                .flatMap(step -> IntStream.of(windows.batch(step, 4, 1)))
                .toArray();

        // Then
        assertThat(windows.heldOut()).containsExactly(18, 19);
        int[] first = Arrays.copyOf(trained, 18);
        int[] second = Arrays.copyOfRange(trained, 18, 36);
        assertThat(first).containsExactlyInAnyOrder(windows.trained()).isNotEqualTo(second);
        assertThat(second).containsExactlyInAnyOrder(windows.trained());
    }

    @Test
    void aTextOfOneWindowIsRefused() {
        assertThatThrownBy(() -> RecoveryWindows.of(1))
                .isInstanceOf(InvalidSetting.class)
                .hasMessageContaining("longer calibration text");
    }

    /** SHA-256 of every file in a folder, but for positions. */
    private static SortedMap<String, String> files(Path folder) throws IOException {
        SortedMap<String, String> digests = new TreeMap<>();
        try (Stream<Path> all = Files.list(folder)) {
            all.forEach(file -> digests.put(file.getFileName().toString(), Digests.sha256(file)));
        }
        return digests;
    }
}
