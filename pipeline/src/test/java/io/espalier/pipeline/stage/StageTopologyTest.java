package io.espalier.pipeline.stage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.StatisticsCollected;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StageTopologyTest {
    private static final byte[] REQUEST =
            PruneRequest.newBuilder().setModel("llama").build().toByteArray();

    private final TopicCatalog topics = TopicCatalog.load("");
    private final TopologyTestDriver driver = new TopologyTestDriver(
            StageTopology.build(TwoWaveStage.of("scorer"), topics, new JobFold.Timing(1_000, 1_000), EventsFormat.JSON),
            settings());
    private final TestInputTopic<String, byte[]> requests = input("prune-requests");

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void aRequestBecomesTheFirstTasksKeyedByItsJob() throws InvalidProtocolBufferException {
        requests.pipeInput("job", REQUEST);

        TestRecord<String, byte[]> first = output("score-tasks").readRecord();
        assertThat(first.key()).isEqualTo("job");
        assertThat(Task.parseFrom(first.value()).getTaskId()).isEqualTo("first-0");
        assertThat(header(first.headers(), "ce_type")).isEqualTo("espalier.v1.Task");
    }

    @Test
    void eventsForConsumersWithoutTheSchemaAreJson() throws InvalidProtocolBufferException {
        requests.pipeInput("job", REQUEST);

        TestRecord<String, byte[]> event = output("job-events").readRecord();
        assertThat(header(event.headers(), "content-type")).isEqualTo("application/json");
        assertThat(new String(event.value(), StandardCharsets.UTF_8)).startsWith("{\"job_id\":\"job\"");
        assertThat(JobEvent.parseFrom(
                                EventsFormat.protobuf(event.value(), event.headers(), JobEvent.getDefaultInstance()))
                        .getStage())
                .isEqualTo("scorer");
    }

    @Test
    void bytesThatAreNoRequestAreDeadLetteredWithTheirReasonAndPlace() {
        requests.pipeInput("job", "not a request".getBytes(StandardCharsets.UTF_8));

        TestRecord<String, byte[]> letter = output("prune-requests-dlt").readRecord();
        assertThat(header(letter.headers(), "dlt-code")).isEqualTo("MALFORMED_MESSAGE");
        assertThat(header(letter.headers(), "dlt-reason")).contains("not a prune request");
        assertThat(header(letter.headers(), "dlt-topic")).isEqualTo("prune-requests");
    }

    @Test
    void whoWaitsForAJobWhoseRecordIsNoRequestHearsWhyItEnds() throws Exception {
        requests.pipeInput("job", "{\"modle\": \"llama\"}".getBytes(StandardCharsets.UTF_8));
        requests.pipeInput("no job id", "{\"modle\": \"llama\"}".getBytes(StandardCharsets.UTF_8));

        List<TestRecord<String, byte[]>> events = output("job-events").readRecordsToList();
        assertThat(events).extracting(TestRecord::key).containsOnly("job");
        TestRecord<String, byte[]> last = events.get(events.size() - 1);
        JobEvent end =
                JobEvent.parseFrom(EventsFormat.protobuf(last.value(), last.headers(), JobEvent.getDefaultInstance()));
        assertThat(end.getFailed().getCode()).isEqualTo("MALFORMED_MESSAGE");
        assertThat(end.getFailed().getMessage()).contains("modle").contains("under another key");
        assertThat(output("prune-requests-dlt").readRecordsToList()).hasSize(2);
        assertThat(output("score-tasks").isEmpty()).isTrue();
    }

    @Test
    void aRecordThatIsNoRequestLeavesTheJobOfItsKeyAlone() {
        requests.pipeInput("job", REQUEST);
        int before = output("job-events").readRecordsToList().size();

        requests.pipeInput("job", "{\"modle\": \"llama\"}".getBytes(StandardCharsets.UTF_8));

        assertThat(before).isPositive();
        assertThat(output("job-events").isEmpty()).isTrue();
    }

    @Test
    void aRequestAsLargeAsTheBrokerAcceptsIsDeadLetteredByReference() {
        byte[] request = "{\"model\": \"%s\"}".formatted("x".repeat(1_048_300)).getBytes(StandardCharsets.UTF_8);

        requests.pipeInput("job", request);

        TestRecord<String, byte[]> letter = output("prune-requests-dlt").readRecord();
        assertThat(letter.value()).isEqualTo(Arrays.copyOf(request, 1024));
        assertThat(header(letter.headers(), "dlt-code")).isEqualTo("INVALID_ARGUMENT");
        assertThat(header(letter.headers(), "dlt-offset")).isEqualTo("0");
        assertThat(header(letter.headers(), "dlt-bytes")).isEqualTo(Integer.toString(request.length));
        assertThat(header(letter.headers(), "dlt-sha256")).hasSize(64);
    }

    @Test
    void headersAndKeysAsLargeAsTheBrokerAcceptsMakeNoRecordThatItRefuses() {
        String huge = "x".repeat(500_000);
        TestInputTopic<String, byte[]> commands = input("job-commands");

        requests.pipeInput(new TestRecord<>(
                "job", REQUEST, new RecordHeaders().add("traceparent", huge.getBytes(StandardCharsets.UTF_8))));
        requests.pipeInput(new TestRecord<>(
                huge, new byte[1], new RecordHeaders().add("bomb", huge.getBytes(StandardCharsets.UTF_8))));
        commands.pipeInput(huge, huge.getBytes(StandardCharsets.UTF_8));

        List<TestRecord<String, byte[]>> written = Stream.of(
                        "accepted-requests", "score-tasks", "job-events", "prune-requests-dlt", "job-commands-dlt")
                .flatMap(topic -> output(topic).readRecordsToList().stream())
                .toList();
        assertThat(written).hasSizeGreaterThan(4);
        assertThat(written).allSatisfy(record -> assertThat(record.key().length()
                        + record.value().length
                        + Stream.of(record.headers().toArray())
                                .mapToInt(header -> header.value().length)
                                .sum())
                .isLessThan(10_000));
    }

    @Test
    void aResultThatCannotBeReadDoesNotStopTheNextOne() {
        requests.pipeInput("job", REQUEST);
        TestInputTopic<String, byte[]> results = input("score-results");

        results.pipeInput("job", new byte[] {(byte) 0xff});
        for (int i = 0; i < TwoWaveStage.PARALLEL; i++) {
            results.pipeInput(
                    "job",
                    TaskResult.newBuilder()
                            .setTaskId("first-" + i)
                            .setStatisticsCollected(StatisticsCollected.getDefaultInstance())
                            .build()
                            .toByteArray());
        }

        assertThat(output("score-results-dlt").getQueueSize()).isOne();
        assertThat(output("score-tasks").readRecordsToList()).hasSize(TwoWaveStage.PARALLEL + 1);
    }

    private TestInputTopic<String, byte[]> input(String topic) {
        return driver.createInputTopic(topics.name(topic), new StringSerializer(), new ByteArraySerializer());
    }

    private TestOutputTopic<String, byte[]> output(String topic) {
        return driver.createOutputTopic(topics.name(topic), new StringDeserializer(), new ByteArrayDeserializer());
    }

    private static String header(Headers headers, String name) {
        return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "stage-topology-test");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        return settings;
    }
}
