package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.PruneRequest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shipped models, one of each way to say positions, from request to evaluation. */
class FamiliesIT extends SoundStack {
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
