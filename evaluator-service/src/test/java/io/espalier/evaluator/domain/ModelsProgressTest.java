package io.espalier.evaluator.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelsProgressTest {
    @Test
    void severalModelsAreOneBarThatNeverGoesBack() {
        // Given
        List<String> heard = new ArrayList<>();
        ModelsProgress models = new ModelsProgress(
                (unit, done, total, tokens) -> heard.add("%d/%d %s, %d tokens".formatted(done, total, unit, tokens)),
                3,
                1000);

        // When
        for (int model = 0; model < 3; model++) {
            models.of(model).advanced("layers", 1, 2, 500);
            models.of(model).advanced("layers", 2, 2, 1000);
        }

        // Then
        assertThat(heard)
                .containsExactly(
                        "1/6 layers, 500 tokens",
                        "2/6 layers, 1000 tokens",
                        "3/6 layers, 1500 tokens",
                        "4/6 layers, 2000 tokens",
                        "5/6 layers, 2500 tokens",
                        "6/6 layers, 3000 tokens");
    }
}
