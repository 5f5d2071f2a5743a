package io.espalier.model.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.transformer.ResidentModel;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContinuationTest {
    private static final List<String> PROMPTS = List.of("It was a", "The ship, which had");

    @ParameterizedTest
    @ValueSource(strings = {"llama", "opt", "bloom"})
    void theGreedyTextHasTheMostLikelyTokens(String family) {
        // Given
        try (Checkpoint model = DemoModel.open(family)) {
            // When
            Continuation continuation = Continuation.of(
                            model, PROMPTS, new Continuation.Length(12, 1), MemoryBudget.DEFAULT, Progress.SILENT)
                    .get(1);

            // Then
            assertThat(continuation.greedy()).isEqualTo(mostLikely(model, PROMPTS.get(1), 12));
        }
    }

    @Test
    void theSameSeedDrawsTheSameTextAndAnotherSeedAnother() {
        // Given
        try (Checkpoint model = DemoModel.open()) {
            List<Continuation> first = Continuation.of(
                    model, PROMPTS, new Continuation.Length(24, 1), MemoryBudget.DEFAULT, Progress.SILENT);

            // When
            List<Continuation> again = Continuation.of(
                    model, PROMPTS, new Continuation.Length(24, 1), MemoryBudget.DEFAULT, Progress.SILENT);
            List<Continuation> other = Continuation.of(
                    model, PROMPTS, new Continuation.Length(24, 2), MemoryBudget.DEFAULT, Progress.SILENT);

            // Then
            assertThat(again).isEqualTo(first);
            assertThat(other.get(0).drawn()).isNotEqualTo(first.get(0).drawn());
            assertThat(other.get(0).greedy()).isEqualTo(first.get(0).greedy());
        }
    }

    @Test
    void aTextDoesNotDependOnThoseThatAreWrittenBesideIt() {
        // Given
        Continuation.Length length = new Continuation.Length(8, 3);
        try (Checkpoint model = DemoModel.open()) {
            List<Continuation> together =
                    Continuation.of(model, PROMPTS, length, MemoryBudget.DEFAULT, Progress.SILENT);

            // When: there is room for the keys and values of one
            List<Continuation> oneByOne = Continuation.of(
                    model, PROMPTS, length, MemoryBudget.DEFAULT, MemoryBudget.DEFAULT.bytes(), Progress.SILENT);

            // Then
            assertThat(oneByOne).isEqualTo(together);
        }
    }

    private static String mostLikely(Checkpoint checkpoint, String prompt, int tokens) {
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint);
                ResidentModel model = ResidentModel.load(checkpoint);
                ResidentModel.Generation text = model.begin()) {
            int[] ids = new int[tokens];
            ids[0] = text.read(tokenizer.prompt(prompt));
            for (int i = 1; i < tokens; i++) {
                ids[i] = text.read(ids[i - 1]);
            }
            return tokenizer.decode(ids);
        }
    }
}
