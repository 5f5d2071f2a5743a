package io.espalier.pipeline.stage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Task;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a stage itself fails on stops no partition: it is set aside, and its job ends. */
class SetAsideTest {
    private final TopicCatalog topics = TopicCatalog.load("");
    private final TopologyTestDriver driver = new TopologyTestDriver(
            StageTopology.build(
                    new DefectiveStage(TwoWaveStage.of("scorer")),
                    topics,
                    new JobFold.Timing(1_000, 1_000),
                    EventsFormat.PROTOBUF),
            settings());
    private final TestInputTopic<String, byte[]> requests =
            driver.createInputTopic("prune-requests", new StringSerializer(), new ByteArraySerializer());

    @AfterEach
    void close() {
        driver.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"poison", "huge"})
    void aJobTheStageFailsOnEndsAndTheNextOneBegins(String model) throws InvalidProtocolBufferException {
        requests.pipeInput("bad", request(model));
        requests.pipeInput("good", request("llama"));

        List<JobEvent> events = events();
        assertThat(events)
                .filteredOn(event -> event.getJobId().equals("bad"))
                .extracting(JobEvent::getEventCase)
                .containsExactly(EventCase.FAILED);
        assertThat(events.get(0).getFailed().getCode()).isEqualTo("INTERNAL");
        assertThat(events.get(0).getSerializedSize()).isLessThan(10_000);
        TestRecord<String, byte[]> letter = records("accepted-requests-dlt").get(0);
        assertThat(letter.key()).isEqualTo("bad");
        assertThat(new String(letter.headers().lastHeader("dlt-code").value(), StandardCharsets.UTF_8))
                .isEqualTo("INTERNAL");
        assertThat(tasks()).hasSize(TwoWaveStage.PARALLEL);
    }

    @Test
    void aRecordTheIntakeFailsOnIsSetAsideAndTheNextOneIsRead() throws InvalidProtocolBufferException {
        requests.pipeInput(new TestRecord<>(null, request("llama")));
        requests.pipeInput("good", request("llama"));

        assertThat(records("prune-requests-dlt")).hasSize(1);
        assertThat(tasks()).hasSize(TwoWaveStage.PARALLEL);
    }

    private static byte[] request(String model) {
        return PruneRequest.newBuilder().setModel(model).build().toByteArray();
    }

    private List<JobEvent> events() throws InvalidProtocolBufferException {
        List<JobEvent> events = new ArrayList<>();
        for (var record : records("job-events")) {
            events.add(JobEvent.parseFrom(record.value()));
        }
        return events;
    }

    private List<Task> tasks() throws InvalidProtocolBufferException {
        List<Task> tasks = new ArrayList<>();
        for (var record : records("score-tasks")) {
            tasks.add(Task.parseFrom(record.value()));
        }
        return tasks;
    }

    private List<TestRecord<String, byte[]>> records(String topic) {
        return driver.createOutputTopic(topics.name(topic), new StringDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList();
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "set-aside-test");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        return settings;
    }
}
