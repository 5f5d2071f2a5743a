package io.espalier.pipeline.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.pipeline.stage.FoldFailure;
import java.io.IOException;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.junit.jupiter.api.Test;

class StageRuntimeTest {
    @Test
    void aStageGoesOnWhenKafkaStreamsTrippedOverABrokerThatWasAway() {
        Throwable failure = new StreamsException(new IllegalStateException(
                "Cannot attempt operation `sendOffsetsToTransaction` because the previous call to `commitTransaction`"
                        + " timed out and must be retried"));

        StreamThreadExceptionResponse response = StageRuntime.afterFailure(failure);

        assertThat(response).isEqualTo(StreamThreadExceptionResponse.REPLACE_THREAD);
    }

    @Test
    void aStageThatCannotReadItsStateIsLeftToTheOrchestrator() {
        // Given
        Throwable failure =
                new StreamsException(new FoldFailure("the state of job a cannot be read", new IOException("torn")));

        // When
        StreamThreadExceptionResponse response = StageRuntime.afterFailure(failure);

        // Then
        assertThat(response).isEqualTo(StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
    }
}
