package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.Lifecycle;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.runtime.StageRuntime;
import io.espalier.pipeline.runtime.StageSettings;
import io.espalier.pipeline.runtime.WorkFolders;
import io.espalier.pipeline.telemetry.Telemetry;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.StatisticsCollected;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Many requests wait and one task takes long. The stages are real and share this JVM with the broker; their workers compute
 * nothing.
 */
@Tag("soak")
class BacklogSoakIT {
    private static final Logger LOG = LoggerFactory.getLogger(BacklogSoakIT.class);
    private static final int JOBS = Integer.getInteger("espalier.soak.jobs", 10_000);
    private static final Duration LONG_TASK = Duration.ofMinutes(2);
    private static final Duration LIMIT = Duration.ofMinutes(30);

    @TempDir
    Path folder;

    private final Lifecycle parts = new Lifecycle("the soaked stack");
    private final List<StageRuntime> runtimes = new ArrayList<>();

    @AfterEach
    void stop() {
        parts.close();
    }

    @Test
    void everyJobOfALongBacklogCompletesBesideATaskThatTakesLong() throws Exception {
        // Given
        TestBroker broker = parts.start(() -> TestBroker.embedded(folder));
        Properties kafka = new Properties();
        kafka.setProperty("bootstrap.servers", broker.bootstrap());
        try (Admin admin = Admin.create(kafka)) {
            Stack.TOPICS.createMissing(admin, 1);
        }
        TopicLog log = parts.start(() -> TopicLog.follow(broker.bootstrap(), Stack.TOPICS));
        for (String process : List.of("scorer-1", "scorer-2", "pruner-1", "evaluator-1")) {
            start(kafka, process);
        }
        Awaitility.await().atMost(LIMIT).until(() -> runtimes.stream()
                .allMatch(runtime -> runtime.missing().isEmpty()));
        long heapBefore = heap();

        // When
        long beginMillis = System.currentTimeMillis();
        long begin = System.nanoTime();
        try (JobClient client = new JobClient(kafka, Stack.TOPICS, "soak")) {
            IntStream.range(0, JOBS)
                    .forEach(i -> client.submit(PruneRequest.newBuilder()
                            .setRequestId("job-" + i)
                            .setModel(i == 0 ? "long" : "llama")
                            .build()));
        }
        long sent = System.nanoTime();
        long mostHeap = heapBefore;
        long allButOne = 0;
        while (completed(log) < JOBS && System.nanoTime() - begin < LIMIT.toNanos()) {
            TimeUnit.SECONDS.sleep(5);
            assertThat(runtimes).noneMatch(StageRuntime::isBroken);
            mostHeap = Math.max(mostHeap, heap());
            allButOne = allButOne == 0 && completed(log) >= JOBS - 1 ? System.nanoTime() : allButOne;
        }
        long all = System.nanoTime();

        // Then
        LOG.info(
                "jobs={} sent in {} s, first complete after {} s, all but one after {} s, all after {} s,"
                        + " heap before {} MB, at most {} MB",
                JOBS,
                seconds(begin, sent),
                (firstCompleted(log) - beginMillis) / 1000.0,
                seconds(begin, allButOne == 0 ? all : allButOne),
                seconds(begin, all),
                heapBefore >> 20,
                mostHeap >> 20);
        assertThat(completed(log)).isEqualTo(JOBS);
        assertThat(log.deadLetters()).isEmpty();
        assertThat(IntStream.range(0, JOBS).mapToObj(i -> "job-" + i)).allSatisfy(job -> assertThat(log.events(job))
                .filteredOn(event -> !event.hasProgress())
                .extracting(event -> event.getStage() + " " + event.getEventCase())
                .containsExactly(
                        "scorer ACCEPTED",
                        "scorer STAGE_FINISHED",
                        "pruner STAGE_STARTED",
                        "pruner STAGE_FINISHED",
                        "evaluator STAGE_STARTED",
                        "evaluator COMPLETED"));
    }

    private void start(Properties kafka, String process) {
        StubStage stage = StubStage.of(process.substring(0, process.indexOf('-')));
        StageSettings settings = new StageSettings(
                kafka,
                "",
                process,
                "here",
                1,
                8,
                JOBS,
                120_000,
                Duration.ofDays(7).toMillis(),
                10_000,
                Duration.ofSeconds(5),
                Duration.ofMinutes(1),
                EventsFormat.PROTOBUF);
        StageRuntime runtime = parts.start(() -> new StageRuntime(
                settings, stage, (task, report) -> work(stage, task), new WorkFolders(job -> {}), Telemetry.NONE));
        runtime.start();
        runtimes.add(runtime);
    }

    private static TaskResult.Builder work(StubStage stage, Task task) {
        if (stage.label().equals("scorer") && task.getJobId().equals("job-0")) {
            sleep(LONG_TASK);
        }
        return TaskResult.newBuilder().setStatisticsCollected(StatisticsCollected.getDefaultInstance());
    }

    private static void sleep(Duration duration) {
        try {
            TimeUnit.MILLISECONDS.sleep(duration.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Milliseconds since the epoch. */
    private static long firstCompleted(TopicLog log) {
        return log.records("evaluations").stream()
                .mapToLong(ConsumerRecord::timestamp)
                .min()
                .orElseThrow();
    }

    private static int completed(TopicLog log) {
        return log.records("evaluations").size();
    }

    /** What is in use when the garbage is gone, in bytes. */
    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static double seconds(long from, long to) {
        return Math.round((to - from) / 1e8) / 10.0;
    }
}
