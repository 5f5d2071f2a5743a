package io.espalier.model.zeroshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogLikelihoodsTest {
    @ParameterizedTest
    @EnumSource
    void areThoseOfTheHarness(ZeroShotTask task) {
        // Given
        List<Question> questions = GoldenTasks.questions(task);
        List<JsonNode> documents = GoldenTasks.documents(task);

        // When
        double[][] measured;
        try (Checkpoint checkpoint = DemoModel.open()) {
            measured = new LogLikelihoods(checkpoint, MemoryBudget.DEFAULT).of(questions, Progress.SILENT);
        }

        // Then
        for (int i = 0; i < documents.size(); i++) {
            double[] expected = GoldenTasks.doubles(documents.get(i).path("loglikelihood"));
            assertThat(measured[i]).as(task + " " + i).containsExactly(expected, within(GoldenTasks.TOLERANCE));
            if (!close(expected)) {
                assertThat(questions.get(i).answer(measured[i]))
                        .isEqualTo(questions.get(i).answer(expected));
            }
        }
    }

    private static boolean close(double[] expected) {
        double[] sorted = Arrays.stream(expected).sorted().toArray();
        return sorted[sorted.length - 1] - sorted[sorted.length - 2] < GoldenTasks.TOLERANCE;
    }

    /** Positions that are learned, and those that are added to the scores of attention. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "opt", "bloom"})
    void doNotDependOnWhatElseIsAsked(String family) {
        // Given
        List<Question> questions = Stream.of(ZeroShotTask.values())
                .flatMap(task -> GoldenTasks.questions(task).stream())
                .toList();
        try (Checkpoint checkpoint = DemoModel.open(family)) {
            LogLikelihoods model = new LogLikelihoods(checkpoint, MemoryBudget.DEFAULT);

            // When
            double[][] together = model.of(questions, Progress.SILENT);

            // Then
            for (int i = 0; i < together.length; i++) {
                double[] alone = model.of(List.of(questions.get(i)), Progress.SILENT)[0];
                assertThat(together[i]).containsExactly(alone, within(1e-4));
            }
        }
    }
}
