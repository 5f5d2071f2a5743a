package io.espalier.pipeline.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.stack.EmbeddedBroker;
import io.espalier.pipeline.topic.TopicCatalog;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker's membership in a real share group; here because the broker is. */
class TaskShareIT {
    private static final String TOPIC = "score-tasks";
    private static final int TASKS = 5;

    @TempDir
    static Path folder;

    private static EmbeddedBroker broker;

    @BeforeAll
    static void publishSomeTasks() throws Exception {
        broker = EmbeddedBroker.start(folder);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
            TopicCatalog.load("").createMissing(admin, 1);
            ShareGroup.configure(admin, TOPIC);
        }
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap()), new StringSerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < TASKS; i++) {
                producer.send(new ProducerRecord<>(TOPIC, "job", new byte[] {(byte) i}))
                        .get();
            }
        }
    }

    @AfterAll
    static void stopTheBroker() {
        broker.close();
    }

    @Test
    void aTaskThatComesWhileAnotherIsRenewedWaitsAndEveryTaskIsDoneOnce() {
        // Given
        Properties client = new Properties();
        client.setProperty("bootstrap.servers", broker.bootstrap());
        List<Long> done = new ArrayList<>();

        // When
        try (TaskShare share = new TaskShare(client, TOPIC, TOPIC)) {
            while (done.size() < TASKS) {
                ConsumerRecord<String, byte[]> task = Awaitility.await()
                        .atMost(Duration.ofMinutes(1))
                        .until(share::next, Optional::isPresent)
                        .orElseThrow();
                for (int i = 0; i < 20; i++) {
                    share.renew(task);
                }
                share.settle(task, AcknowledgeType.ACCEPT);
                done.add(task.offset());
            }
        }

        // Then
        assertThat(new TreeSet<>(done)).containsExactly(0L, 1L, 2L, 3L, 4L);
    }
}
