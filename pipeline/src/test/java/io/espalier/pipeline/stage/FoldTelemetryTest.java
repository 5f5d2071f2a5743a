package io.espalier.pipeline.stage;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.pipeline.telemetry.JobOutcome;
import io.espalier.pipeline.telemetry.StageMeters;
import io.espalier.pipeline.telemetry.Telemetry;
import io.espalier.pipeline.telemetry.Traces;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.Failure;
import io.espalier.v1.StatisticsCollected;
import io.espalier.v1.TaskProgress;
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

class FoldTelemetryTest {
    private final Heard heard = new Heard();
    private final TopologyTestDriver driver = new TopologyTestDriver(
            StageTopology.build(
                    TwoWaveStage.of("pruner"),
                    TopicCatalog.load(""),
                    new JobFold.Timing(100_000, 100_000),
                    Limits.NONE,
                    EventsFormat.PROTOBUF,
                    new Telemetry(heard, Traces.NONE)),
            settings(),
            Instant.ofEpochMilli(1_000));
    private final TestInputTopic<String, byte[]> results = input("prune-results");
    private boolean closed;

    private static final class Heard implements StageMeters {
        private int waiting;
        private final List<Duration> stages = new ArrayList<>();
        private final List<JobOutcome> jobs = new ArrayList<>();
        private final List<String> failures = new ArrayList<>();

        @Override
        public void tasksWaiting(String partition, int tasks) {
            waiting = tasks;
        }

        @Override
        public void stageEnded(Duration took) {
            stages.add(took);
        }

        @Override
        public void jobEnded(JobOutcome outcome) {
            jobs.add(outcome);
        }

        @Override
        public void failed(String code) {
            failures.add(code);
        }
    }

    @AfterEach
    void close() {
        if (!closed) {
            closed = true;
            driver.close();
        }
    }

    @Test
    void aTaskWaitsFromItsIssueUntilAWorkerReportsOnIt() {
        // Given
        start();
        assertThat(heard.waiting).isEqualTo(TwoWaveStage.PARALLEL);

        // When
        tell("first-0", TaskResult.newBuilder().setProgress(TaskProgress.getDefaultInstance()));

        // Then
        assertThat(heard.waiting).isEqualTo(TwoWaveStage.PARALLEL - 1);
    }

    @Test
    void aPartitionThatIsLetGoOfHasNoWaitingTasks() {
        // Given
        start();

        // When
        close();

        // Then
        assertThat(heard.waiting).isZero();
    }

    @Test
    void theTimeOfAStageIsFromHandingOverToHandingOn() {
        // Given
        start();
        finish("first-0", "first-1", "first-2");
        driver.advanceWallClockTime(Duration.ofSeconds(4));

        // When
        finish("second-0");

        // Then
        assertThat(heard.stages).containsExactly(Duration.ofSeconds(4));
        assertThat(heard.jobs).isEmpty();
        assertThat(heard.waiting).isZero();
    }

    @Test
    void aFailedJobIsCountedWithItsCode() {
        // Given
        start();

        // When
        tell("first-0", TaskResult.newBuilder().setFailure(Failure.newBuilder().setCode("DISK_FULL")));

        // Then
        assertThat(heard.jobs).containsExactly(JobOutcome.FAILED);
        assertThat(heard.failures).containsExactly("DISK_FULL");
        assertThat(heard.waiting).isZero();
    }

    @Test
    void aDeadLetterIsCountedWithItsCode() {
        // When
        results.pipeInput("job", new byte[] {(byte) 0xff});

        // Then
        assertThat(heard.failures).containsExactly("MALFORMED_MESSAGE");
    }

    @Test
    void whatFollowsFromAResultStaysOnItsTrace() {
        // Given
        start();
        finish("first-0", "first-1");
        var trace = new RecordHeaders().add("traceparent", "of the task".getBytes(StandardCharsets.UTF_8));

        // When
        results.pipeInput(new TestRecord<>("job", done("first-2"), trace));

        // Then
        var tasks = driver.createOutputTopic("prune-tasks", new StringDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList();
        assertThat(tasks.get(tasks.size() - 1)
                        .headers()
                        .lastHeader("traceparent")
                        .value())
                .isEqualTo("of the task".getBytes(StandardCharsets.UTF_8));
    }

    private void start() {
        input("layer-scores").pipeInput("job", new byte[0]);
    }

    private void finish(String... tasks) {
        for (String task : tasks) {
            results.pipeInput("job", done(task));
        }
    }

    private void tell(String task, TaskResult.Builder outcome) {
        results.pipeInput("job", outcome.setTaskId(task).build().toByteArray());
    }

    private static byte[] done(String task) {
        return TaskResult.newBuilder()
                .setTaskId(task)
                .setStatisticsCollected(StatisticsCollected.getDefaultInstance())
                .build()
                .toByteArray();
    }

    private TestInputTopic<String, byte[]> input(String topic) {
        return driver.createInputTopic(topic, new StringSerializer(), new ByteArraySerializer());
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "fold-telemetry-test");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        return settings;
    }
}
