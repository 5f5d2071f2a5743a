package io.espalier.pipeline.stage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.pipeline.telemetry.StageMeters;
import io.espalier.pipeline.telemetry.Telemetry;
import io.espalier.pipeline.telemetry.Traces;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.CancelCommand;
import io.espalier.v1.JobCommand;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.StatisticsCollected;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.header.internals.RecordHeaders;
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

/** A stage that works on one job of a partition at a time. */
class TurnsTest {
    private static final int MAY_WAIT = 3;
    private static final int ALL_PARTITIONS = 4;

    private final List<Integer> waiting = new ArrayList<>();
    private final TopologyTestDriver driver = new TopologyTestDriver(
            StageTopology.build(
                    TwoWaveStage.of("scorer"),
                    TopicCatalog.load(""),
                    new JobFold.Timing(1_000, 100_000),
                    new Limits(1, ALL_PARTITIONS * MAY_WAIT, () -> 100),
                    EventsFormat.PROTOBUF,
                    new Telemetry(meters(), Traces.NONE)),
            settings(),
            Instant.ofEpochMilli(1_000));
    private final TestInputTopic<String, byte[]> requests = input("prune-requests");
    private final TestInputTopic<String, byte[]> results = input("score-results");

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void theJobsBehindTheFirstWaitForTheirTurnTheOldestFirst() throws InvalidProtocolBufferException {
        request("b-first", 0);
        request("c-second", 0);
        request("a-third", 0);
        assertThat(jobsWithTasks()).containsExactly("b-first");
        assertThat(waiting).endsWith(2);

        finish("b-first");

        assertThat(jobsWithTasks()).containsExactly("c-second");
        assertThat(waiting).endsWith(1);
    }

    @Test
    void anUrgentJobIsNextAlthoughItCameLater() throws InvalidProtocolBufferException {
        request("first", 0);
        request("second", 0);
        request("urgent", 1);
        assertThat(jobsWithTasks()).containsExactly("first");

        finish("first");

        assertThat(jobsWithTasks()).containsExactly("urgent");
    }

    @Test
    void theTurnOfACancelledJobGoesToTheNext() throws InvalidProtocolBufferException {
        request("first", 0);
        request("second", 0);
        request("third", 0);
        cancel("second");
        assertThat(jobsWithTasks()).containsExactly("first");

        cancel("first");

        assertThat(jobsWithTasks()).containsExactly("third");
    }

    @Test
    void aRequestThatComesWhileAsManyWaitAsMayIsRefused() throws InvalidProtocolBufferException {
        for (String job : List.of("first", "second", "third", "fourth")) {
            request(job, 0);
        }

        request("fifth", 0);

        assertThat(waiting).endsWith(MAY_WAIT);
        assertThat(failures())
                .containsExactly("fifth QUOTA_EXCEEDED 3 jobs wait on this request's partition, which may hold 3"
                        + " (espalier.quota.jobs); send it again later under another request_id");
    }

    @Test
    void aRequestThatWasRefusedIsNotTakenUpWhenItComesAgain() throws InvalidProtocolBufferException {
        for (String job : List.of("first", "second", "third", "fourth", "fifth")) {
            request(job, 0);
        }
        cancel("first");
        failures();
        tasks();

        request("fifth", 0);

        assertThat(failures()).isEmpty();
        assertThat(tasks()).isEmpty();
    }

    @Test
    void theTraceOfAJobThatWaitedGoesOn() {
        String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        request("first", 0);
        requests.pipeInput(new TestRecord<>(
                "traced",
                PruneRequest.newBuilder().setModel("llama").build().toByteArray(),
                new RecordHeaders().add("traceparent", trace.getBytes(StandardCharsets.UTF_8))));
        tasks();

        cancel("first");

        assertThat(tasks()).allSatisfy(task -> assertThat(
                        new String(task.headers().lastHeader("traceparent").value(), StandardCharsets.UTF_8))
                .isEqualTo(trace));
    }

    private void request(String job, int priority) {
        PruneRequest request = PruneRequest.newBuilder()
                .setModel("llama")
                .setPriority(priority)
                .build();
        requests.pipeInput(job, request.toByteArray());
        // Each comes a little later than the one before it.
        driver.advanceWallClockTime(Duration.ofMillis(1));
    }

    private void finish(String job) {
        for (String task : List.of("first-0", "first-1", "first-2", "second-0")) {
            results.pipeInput(
                    job,
                    TaskResult.newBuilder()
                            .setTaskId(task)
                            .setStatisticsCollected(StatisticsCollected.getDefaultInstance())
                            .build()
                            .toByteArray());
        }
    }

    private void cancel(String job) {
        input("job-commands")
                .pipeInput(
                        job,
                        JobCommand.newBuilder()
                                .setJobId(job)
                                .setCancel(CancelCommand.getDefaultInstance())
                                .build()
                                .toByteArray());
    }

    /** Of the first waves issued since the last look. */
    private List<String> jobsWithTasks() throws InvalidProtocolBufferException {
        List<String> jobs = new ArrayList<>();
        for (var record : tasks()) {
            if (Task.parseFrom(record.value()).getTaskId().equals("first-0")) {
                jobs.add(record.key());
            }
        }
        return jobs;
    }

    /** Since the last look. */
    private List<String> failures() throws InvalidProtocolBufferException {
        List<String> failures = new ArrayList<>();
        for (var record : driver.createOutputTopic("job-events", new StringDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList()) {
            JobEvent event = JobEvent.parseFrom(record.value());
            if (event.hasFailed()) {
                failures.add(event.getJobId() + " " + event.getFailed().getCode() + " "
                        + event.getFailed().getMessage());
            }
        }
        return failures;
    }

    private List<TestRecord<String, byte[]>> tasks() {
        return driver.createOutputTopic("score-tasks", new StringDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList();
    }

    private TestInputTopic<String, byte[]> input(String topic) {
        return driver.createInputTopic(topic, new StringSerializer(), new ByteArraySerializer());
    }

    private StageMeters meters() {
        return new StageMeters() {
            @Override
            public void jobsWaiting(String partition, int jobs) {
                waiting.add(jobs);
            }
        };
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "turns-test");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        return settings;
    }
}
