package io.espalier.pipeline.queue;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.cli.stack.EmbeddedBroker;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.telemetry.StageMeters;
import io.espalier.pipeline.telemetry.Telemetry;
import io.espalier.pipeline.telemetry.Traces;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.topic.TopicFollower;
import io.espalier.v1.JobCancelled;
import io.espalier.v1.JobEvent;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker's side of a real task topic when something is wrong with its work; here because the broker is. */
class TaskQueueIT {
    private static final StageTopics STAGE = StageTopics.named("scorer");

    @TempDir
    Path folder;

    private final Properties client = new Properties();
    private final TopicCatalog topics = TopicCatalog.load("");
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private EmbeddedBroker broker;

    @BeforeEach
    void startTheBroker() throws Exception {
        broker = EmbeddedBroker.start(folder);
        client.setProperty("bootstrap.servers", broker.bootstrap());
        try (Admin admin = Admin.create(client)) {
            topics.createMissing(admin, 1);
            ShareGroup.configure(admin, TaskQueue.groupId(topics, STAGE));
        }
    }

    @AfterEach
    void stopTheBroker() {
        broker.close();
    }

    @Test
    void aWorkerWhoseTaskDoesNotStopWithItsJobEndsSoThatItIsReplaced() throws Exception {
        // Given
        try (JobLog jobs = JobLog.follow(client, topics);
                TaskQueue queue = queue(jobs, Telemetry.NONE)) {
            queue.start();
            publish(
                    "score-tasks",
                    Task.newBuilder().setJobId("job").setTaskId("task").build().toByteArray());
            begun.await();

            // When
            publish(
                    "job-events",
                    JobEvent.newBuilder()
                            .setJobId("job")
                            .setCancelled(JobCancelled.getDefaultInstance())
                            .build()
                            .toByteArray());

            // Then
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !queue.isRunning());
            released.countDown();
        }
    }

    @Test
    void aTaskThatTheQueueItselfFailsOnFailsItsJobAndTheQueueGoesOn() throws Exception {
        // Given
        Traces broken = (name, cause, labels) -> {
            throw new IllegalStateException("no trace");
        };
        List<TaskResult> results = new CopyOnWriteArrayList<>();
        try (JobLog jobs = JobLog.follow(client, topics);
                TopicFollower follower = new TopicFollower(
                        client, "score-results", TopicFollower.From.BEGINNING, record -> results.add(result(record)));
                TaskQueue queue = queue(jobs, new Telemetry(StageMeters.NONE, broken))) {
            follower.start();
            queue.start();

            // When
            for (String task : List.of("first", "second")) {
                publish(
                        "score-tasks",
                        Task.newBuilder()
                                .setJobId("job")
                                .setTaskId(task)
                                .build()
                                .toByteArray());
            }

            // Then
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> results.size() == 2);
            assertThat(results)
                    .allSatisfy(
                            result -> assertThat(result.getFailure().getCode()).isEqualTo("INTERNAL"));
        }
    }

    private static TaskResult result(ConsumerRecord<String, byte[]> record) {
        try {
            return TaskResult.parseFrom(record.value());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    private TaskQueue queue(JobLog jobs, Telemetry telemetry) {
        return new TaskQueue(
                client,
                topics,
                STAGE,
                "worker",
                this::waitWithoutHearing,
                jobs,
                telemetry,
                new Availability(Duration.ofSeconds(5)),
                Duration.ofSeconds(1));
    }

    private TaskResult.Builder waitWithoutHearing(Task task, TaskReport report) {
        begun.countDown();
        try {
            released.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return TaskResult.newBuilder();
    }

    private void publish(String topic, byte[] value) throws Exception {
        try (KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(client, new StringSerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, "job", value)).get();
        }
    }
}
