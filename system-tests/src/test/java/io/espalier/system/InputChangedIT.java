package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A checkpoint that is written while a job reads it. */
class InputChangedIT extends SoundStack {
    @Test
    void weightsThatAreOverwrittenWhileAJobScoresEndItWithoutAnArtifact() throws IOException {
        // Given
        Path model = Checkpoints.copy(stack.folders().models().resolve("overwritten"));
        PruneRequest request = Requests.slowChain("overwritten").toBuilder()
                .setModel("overwritten")
                .build();
        stack.client().submit(request);
        stack.awaitEvent("overwritten", JobEvent::hasProgress);

        // When
        try (RandomAccessFile weights =
                new RandomAccessFile(model.resolve("model.safetensors").toFile(), "rw")) {
            weights.seek(weights.length() - 2);
            weights.write(new byte[] {0, 0});
        }

        // Then
        JobEvent end = stack.awaitEnd("overwritten");
        assertThat(end.getFailed().getCode()).isEqualTo(ErrorCode.INPUT_CHANGED.name());
        assertThat(end.getFailed().getMessage()).contains("model: model.safetensors changed", "under another id");
        assertThat(stack.folders().artifacts().resolve("overwritten")).doesNotExist();
    }
}
