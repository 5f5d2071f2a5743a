package io.espalier.pipeline.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.Message;
import io.espalier.pipeline.request.RequestReader;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Intake;
import io.espalier.pipeline.stage.JobFold;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.StageTopology;
import io.espalier.pipeline.stage.Step;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.TaskResult;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
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
    void aStageThatFailsItselfIsLeftToTheOrchestrator() {
        // Given
        Throwable failure;
        try (TopologyTestDriver driver = new TopologyTestDriver(
                StageTopology.build(
                        new UndecidedStage(),
                        TopicCatalog.load(""),
                        new JobFold.Timing(1_000, 1_000),
                        EventsFormat.JSON),
                settings())) {
            var requests = driver.createInputTopic("prune-requests", new StringSerializer(), new ByteArraySerializer());
            failure = catchThrowable(() -> requests.pipeInput(
                    "job", PruneRequest.newBuilder().setModel("llama").build().toByteArray()));
        }

        assertThat(failure).hasRootCauseMessage("no answer");

        // When
        StreamThreadExceptionResponse response = StageRuntime.afterFailure(failure);

        // Then
        assertThat(response).isEqualTo(StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
    }

    /** It meets a request that it has no answer for. */
    private record UndecidedStage() implements Stage {
        @Override
        public StageTopics topics() {
            return StageTopics.named("scorer");
        }

        @Override
        public Optional<Intake> intake() {
            return Optional.of(RequestReader::accept);
        }

        @Override
        public Message inputType() {
            return PruneRequest.getDefaultInstance();
        }

        @Override
        public Optional<Input.Start> start(byte[] value) {
            throw new IllegalStateException("no answer");
        }

        @Override
        public Step next(Input.Start input, List<List<TaskResult>> waves) {
            throw new IllegalStateException("never asked");
        }
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "stage-runtime-test");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        return settings;
    }
}
