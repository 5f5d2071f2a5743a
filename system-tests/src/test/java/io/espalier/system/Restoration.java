package io.espalier.system;

import io.espalier.system.Recording.RecordedGroup;
import io.espalier.system.Recording.RecordedTopic;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Puts a {@link Recording} into an empty broker: topics, records, and where each group reads on. */
final class Restoration {
    private final Recording recording;
    private final String bootstrap;
    /** Offsets that the records of a partition had; the restored ones have no gaps. */
    private final Map<TopicPartition, List<Long>> offsets = new HashMap<>();

    private Restoration(Recording recording, String bootstrap) {
        this.recording = recording;
        this.bootstrap = bootstrap;
    }

    static void into(String bootstrap, Recording recording)
            throws IOException, ExecutionException, InterruptedException {
        Restoration restoration = new Restoration(recording, bootstrap);
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap))) {
            Map<String, RecordedTopic> topics = recording.topics();
            restoration.createTopics(admin, topics);
            restoration.sendRecords(topics);
            for (var group : recording.groups().entrySet()) {
                restoration.setOffsets(admin, group.getKey(), group.getValue());
            }
        }
    }

    private void createTopics(Admin admin, Map<String, RecordedTopic> topics)
            throws ExecutionException, InterruptedException {
        List<NewTopic> wanted = new ArrayList<>();
        topics.forEach((name, topic) -> {
            Map<String, String> settings = new HashMap<>(topic.settings());
            // The records are old: the broker would delete them.
            settings.put("retention.ms", "-1");
            wanted.add(new NewTopic(name, topic.partitions(), (short) 1).configs(settings));
        });
        admin.createTopics(wanted).all().get();
    }

    private void sendRecords(Map<String, RecordedTopic> topics) throws IOException {
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap, ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
        try (KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
            for (String topic : topics.keySet()) {
                for (RecordedRecord record : recording.records(topic)) {
                    RecordHeaders headers = new RecordHeaders();
                    record.headers().forEach(header -> headers.add(header.name(), header.value()));
                    var unused = producer.send(new ProducerRecord<>(
                            topic, record.partition(), record.timestamp(), record.key(), record.value(), headers));
                    offsets.computeIfAbsent(new TopicPartition(topic, record.partition()), key -> new ArrayList<>())
                            .add(record.offset());
                }
            }
        }
    }

    private void setOffsets(Admin admin, String group, RecordedGroup recorded)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, Long> restored = new HashMap<>();
        recorded.offsets().forEach((name, offset) -> {
            int dash = name.lastIndexOf('-');
            TopicPartition partition =
                    new TopicPartition(name.substring(0, dash), Integer.parseInt(name.substring(dash + 1)));
            long before = offsets.getOrDefault(partition, List.of()).stream()
                    .filter(earlier -> earlier < offset)
                    .count();
            restored.put(partition, before);
        });
        if (restored.isEmpty()) {
            return;
        }
        if (recorded.type().equals("Streams")) {
            admin.alterStreamsGroupOffsets(
                            group,
                            restored.entrySet().stream()
                                    .collect(Collectors.toMap(
                                            Map.Entry::getKey, entry -> new OffsetAndMetadata(entry.getValue()))))
                    .all()
                    .get();
        } else {
            admin.alterShareGroupOffsets(group, restored).all().get();
        }
    }
}
