package io.espalier.model.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.tensor.MemoryBudget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Trainings of tiny models give the losses of the same trainings by torch's autograd, its optimizers and peft. The program
 * that made the expected numbers, {@code recovery/make.py}, says what is trained.
 */
class RecoveryReferenceTest {
    private static final Path EXPECTED = Path.of("src/test/resources/recovery/expected.json");
    private static final int WINDOWS = 8;
    private static final int TOKENS = 16;
    private static final int STEPS = 20;
    private static final int SEED = 5;
    private static final double CLOSE = 1e-4;

    private static JsonNode expected;

    @TempDir
    private Path folder;

    private Students.Pair models;
    private Path teacher;

    @BeforeAll
    static void readExpected() throws IOException {
        expected = new ObjectMapper().readTree(EXPECTED.toFile());
    }

    private void open(String family) throws IOException {
        models = Students.of(GoldenCheckpoint.of(family), folder.resolve("student"));
        teacher = folder.resolve("teacher");
        new TeacherPass(models.dense(), windows(), MemoryBudget.DEFAULT).run(teacher, Progress.SILENT);
    }

    @AfterEach
    void close() {
        models.close();
    }

    private static int[][] windows() {
        int[][] windows = new int[WINDOWS][TOKENS];
        for (int i = 0; i < WINDOWS; i++) {
            for (int j = 0; j < TOKENS; j++) {
                windows[i][j] = (31 * i + 17 * j + 7 * i * j) % 150 + 4;
            }
        }
        return windows;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"llama-gqa", "qwen2", "qwen3", "gemma2", "granite", "phi3", "opt-350m", "bloom", "gpt-neox"})
    void aLayerLearnsWhatTorchTeachesIt(String family) throws IOException {
        open(family);
        LocalDistillation distillation = new LocalDistillation(
                models.student(),
                Set.of(),
                windows(),
                teacher,
                new LocalTraining(false, STEPS, WINDOWS - 1, 1e-3),
                SEED,
                MemoryBudget.DEFAULT);
        for (int layer = 0; layer < models.layers(); layer++) {
            // When
            LossCurve curve = distillation.layer(layer, folder.resolve("layers"), Progress.SILENT);

            // Then
            requireClose(curve.points(), expected.get(family).get("local").get(layer));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"llama-gqa", "qwen2", "qwen3", "gemma2", "granite", "phi3", "opt-350m", "bloom", "gpt-neox"})
    void adaptersLearnWhatPeftTeachesThem(String family) throws IOException {
        open(family);
        for (LoraTraining.Objective objective : LoraTraining.Objective.values()) {
            LoraTraining training = new LoraTraining(4, 8, List.of(), objective, STEPS, WINDOWS - 1, 5e-3, 4);

            // When
            LossCurve curve = new LoraDistillation(
                            models.student(), models.layers(), windows(), teacher, training, SEED, MemoryBudget.DEFAULT)
                    .run(folder.resolve(objective.name()), Progress.SILENT);

            // Then
            String name = objective == LoraTraining.Objective.DISTILL ? "distill" : "next-token";
            requireClose(everySecond(curve.points()), expected.get(family).get(name));
        }
    }

    private static List<LossCurve.Point> everySecond(List<LossCurve.Point> points) {
        return points.stream()
                .filter(point -> point.step() % 2 == 0)
                .map(point -> point.step() == 0
                        ? point
                        : new LossCurve.Point(
                                point.step(),
                                (point.trained() + points.get(point.step() - 1).trained()) / 2,
                                point.heldOut()))
                .toList();
    }

    private static void requireClose(List<LossCurve.Point> found, JsonNode wanted) {
        assertThat(found).hasSize(wanted.size());
        for (int i = 0; i < found.size(); i++) {
            LossCurve.Point point = found.get(i);
            assertThat(point.step()).isEqualTo(wanted.get(i).get(0).asInt());
            requireClose(point.trained(), wanted.get(i).get(1).asDouble());
            requireClose(point.heldOut(), wanted.get(i).get(2).asDouble());
        }
    }

    private static void requireClose(double found, double wanted) {
        assertThat(found).isCloseTo(wanted, within(CLOSE * wanted));
    }
}
