package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.model.artifact.Manifest;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ScoreFact;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class BudgetIT extends SoundStack {
    @Test
    void aJobThatDoesNotFitIsRefusedBeforeAnythingIsScored() throws Exception {
        // Given
        PruneRequest.Builder large = Requests.small("too-large").toBuilder();
        large.getCalibrationBuilder().setSamples(256).setSequenceLength(128);

        // When
        JobEvent end = stack.run(large.build());

        // Then
        assertThat(end.getEventCase()).isEqualTo(EventCase.FAILED);
        assertThat(end.getFailed().getCode()).isEqualTo(ErrorCode.INVALID_ARGUMENT.name());
        assertThat(end.getFailed().getMessage())
                .contains("espalier.memory.budget", "one zeroth-order draw", Long.toString(BUDGET));
        assertThat(stack.log().scores("too-large")).noneMatch(ScoreFact::hasLayer);
    }

    @Test
    void aJobThatFitsCompletesAndItsManifestNamesTheBudget() throws Exception {
        // Given
        PruneRequest small = Requests.small("small-enough");

        // When
        JobEvent end = stack.run(small);

        // Then
        assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
        assertThat(Files.readString(
                        stack.folders().artifacts().resolve("small-enough").resolve(Manifest.FILE)))
                .containsPattern("\"memory_budget\"\\s*:\\s*\"" + BUDGET + "\"");
    }
}
