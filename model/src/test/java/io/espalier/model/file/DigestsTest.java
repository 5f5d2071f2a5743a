package io.espalier.model.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigestsTest {
    @TempDir
    Path folder;

    @Test
    void aDigestThatNobodyWantsAnyMoreStops() throws IOException {
        // Given
        Path file = Files.write(folder.resolve("model.safetensors"), new byte[1]);
        Cancellation cancellation = new Cancellation();
        cancellation.request("the job has ended");

        // When
        EspalierException end =
                catchThrowableOfType(EspalierException.class, () -> cancellation.around(() -> Digests.sha256(file)));

        // Then
        assertThat(end.code()).isEqualTo(ErrorCode.CANCELLED);
    }
}
