package io.espalier.pipeline.stage;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.JobEvent;
import io.espalier.v1.StatisticsCollected;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Adding a stage takes a declaration and a {@link Stage}; nothing of the mechanism changes. */
class AddedStageTest {
    private final TopologyTestDriver driver = new TopologyTestDriver(
            StageTopology.build(
                    AddedStage.stage(),
                    TopicCatalog.of(AddedStage.topicFile(), "team."),
                    new JobFold.Timing(100_000, 100_000),
                    EventsFormat.PROTOBUF),
            settings());
    private final TestInputTopic<String, byte[]> input = input("team.pruned-checkpoints");
    private final TestInputTopic<String, byte[]> results = input("team.quantize-results");
    private final TestOutputTopic<String, byte[]> tasks = output("team.quantize-tasks");

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void aStageThatIsOnlyDeclaredTakesAJobThroughItsWavesAndHandsItOn() throws Exception {
        // Given
        input.pipeInput("job", new byte[0]);

        // When
        while (!tasks.isEmpty()) {
            Task task = Task.parseFrom(tasks.readValue());
            results.pipeInput(
                    "job",
                    TaskResult.newBuilder()
                            .setJobId("job")
                            .setTaskId(task.getTaskId())
                            .setStatisticsCollected(StatisticsCollected.getDefaultInstance())
                            .build()
                            .toByteArray());
        }

        // Then
        assertThat(output("team.quantized-checkpoints").readKeyValuesToList()).hasSize(1);
        List<JobEvent.EventCase> events = output("team.job-events").readValuesToList().stream()
                .map(AddedStageTest::event)
                .peek(event -> assertThat(event.getStage()).isEqualTo("quantizer"))
                .map(JobEvent::getEventCase)
                .filter(kind -> kind != JobEvent.EventCase.PROGRESS)
                .toList();
        assertThat(events)
                .containsExactly(
                        JobEvent.EventCase.STAGE_STARTED,
                        JobEvent.EventCase.ARTIFACT_COMMITTED,
                        JobEvent.EventCase.STAGE_FINISHED);
    }

    private static JobEvent event(byte[] value) {
        try {
            return JobEvent.parseFrom(value);
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    private TestInputTopic<String, byte[]> input(String topic) {
        return driver.createInputTopic(topic, new StringSerializer(), new ByteArraySerializer());
    }

    private TestOutputTopic<String, byte[]> output(String topic) {
        return driver.createOutputTopic(topic, new StringDeserializer(), new ByteArrayDeserializer());
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "added-stage-test");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        return settings;
    }
}
