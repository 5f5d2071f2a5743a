package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.UnitsRemoved;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shipped models, one of each way to say positions, from request to evaluation. */
class FamiliesIT extends SoundStack {
    private static final Path GROUPED = Folders.HOME.resolve("model/src/test/resources/golden/llama-gqa");
    private static final Path TOKENIZER =
            Folders.HOME.resolve("job/src/test/resources/fuzz/tokenizer/byte-level-bpe.json");

    @Test
    void queryHeadsOfAGroupedModelGoThroughTheWholePipeline() throws IOException {
        // Given
        Path model = Files.createDirectories(stack.folders().models().resolve("grouped"));
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(GROUPED.resolve(file), model.resolve(file));
        }
        Files.copy(TOKENIZER, model.resolve("tokenizer.json"));
        PruneRequest.Builder request = Requests.small("query-heads").toBuilder().setModel("grouped");
        request.getPruningBuilder()
                .setUnitRatio(0.25)
                .setAttentionUnit("query-head")
                .setRoundTo(1);
        request.getScoringBuilder().setControls("perplexity");

        // When
        JobEvent end = stack.run(request.build());

        // Then
        assertThat(end.getEventCase()).as(end.toString()).isEqualTo(EventCase.COMPLETED);
        EvaluationReport report = stack.log().evaluations("query-heads").get(0);
        assertThat(report.getMaskedList()).hasSize(3);
        assertThat(report.getRemovedList())
                .extracting(UnitsRemoved::getKind, UnitsRemoved::getUnits, UnitsRemoved::getRemoved)
                .containsExactly(tuple("query heads", 24, 6), tuple("FFN channels", 240, 60));
        try (Checkpoint pruned = Checkpoint.open(stack.folders().artifacts().resolve("query-heads"))) {
            assertThat(pruned.config().layers()).allSatisfy(layer -> {
                assertThat(layer.heads()).isEqualTo(6);
                assertThat(layer.kvHeads()).isEqualTo(2);
            });
        }
    }

    @ParameterizedTest
    @CsvSource({
        // model, layers, heads and channels that stay, profile, what the artifact is read as
        "llama, 6, 8, 352, uniform, llama",
        "opt, 4, 4, 256, per-layer, opt",
        "bloom, 4, 4, 256, per-layer, bloom",
    })
    void everyFamilyGoesThroughTheWholePipeline(
            String model, int layers, int heads, int channels, String profile, String readAs) {
        // Given
        PruneRequest request =
                Requests.small("family-" + model).toBuilder().setModel(model).build();

        // When
        JobEvent end = stack.run(request);

        // Then
        assertThat(end.getEventCase()).as(end.toString()).isEqualTo(EventCase.COMPLETED);
        EvaluationReport report =
                stack.log().evaluations(request.getRequestId()).get(0);
        assertThat(report.getProfile()).isEqualTo(profile);
        assertThat(report.getDense().getPerplexity()).isBetween(1.0, 2048.0);
        assertThat(report.getPruned().getPerplexity()).isBetween(1.0, 2048.0);
        assertThat(report.getPruned().getParameters())
                .isPositive()
                .isLessThan(report.getDense().getParameters());
        try (Checkpoint pruned = Checkpoint.open(stack.folders().artifacts().resolve(request.getRequestId()))) {
            assertThat(pruned.config().modelType()).isEqualTo(readAs);
            assertThat(pruned.config().layers()).hasSize(layers).allSatisfy(layer -> {
                assertThat(layer.heads()).isEqualTo(heads);
                assertThat(layer.ffnChannels()).isEqualTo(channels);
            });
        }
    }
}
