package io.espalier.system;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConfigEntry.ConfigSource;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListStreamsGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;

/**
 * All that a stack left in Kafka, in a folder.
 *
 * <pre>
 * topics.json              partitions, number of records and settings of every topic, changelogs included
 * groups.json              type of every group and the offset it reads on from in each partition
 * topics/&lt;topic&gt;.jsonl     the committed records, a line each, in the order of each partition
 * </pre>
 */
final class Recording {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;

    record RecordedTopic(int partitions, long records, SortedMap<String, String> settings) {}

    /** @param offsets by {@code topic-partition}; a partition that is not named is read from its beginning */
    record RecordedGroup(String type, SortedMap<String, Long> offsets) {}

    Recording(Path folder) {
        this.folder = folder;
    }

    /** Records of one topic; none where nothing was written to it. */
    List<RecordedRecord> records(String topic) throws IOException {
        Path file = file(topic);
        List<RecordedRecord> records = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                records.add(JSON.readValue(line, RecordedRecord.class));
            }
        }
        return records;
    }

    SortedMap<String, RecordedTopic> topics() throws IOException {
        return JSON.readValue(folder.resolve("topics.json").toFile(), new TypeReference<>() {});
    }

    SortedMap<String, RecordedGroup> groups() throws IOException {
        return JSON.readValue(folder.resolve("groups.json").toFile(), new TypeReference<>() {});
    }

    /** Names of the topics that something was written to. */
    List<String> topicsWithRecords() throws IOException {
        try (var files = Files.list(folder.resolve("topics"))) {
            return files.map(file -> file.getFileName().toString().replace(".jsonl", ""))
                    .sorted()
                    .toList();
        }
    }

    private Path file(String topic) {
        return folder.resolve("topics").resolve(topic + ".jsonl");
    }

    /** Writes all that the broker has; nobody else may write to it meanwhile. */
    void write(String bootstrap) throws IOException, ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap))) {
            SortedMap<String, RecordedTopic> topics = new TreeMap<>();
            for (var topic : admin.describeTopics(admin.listTopics().names().get())
                    .allTopicNames()
                    .get()
                    .values()) {
                List<TopicPartition> partitions = IntStream.range(
                                0, topic.partitions().size())
                        .mapToObj(partition -> new TopicPartition(topic.name(), partition))
                        .toList();
                List<RecordedRecord> records = read(bootstrap, ends(admin, partitions));
                writeLines(topic.name(), records);
                topics.put(
                        topic.name(),
                        new RecordedTopic(partitions.size(), records.size(), settings(admin, topic.name())));
            }
            writeJson("topics.json", topics);
            writeJson("groups.json", groups(admin));
        }
    }

    /** Waits until the broker has aborted what killed processes left open. */
    private static Map<TopicPartition, Long> ends(Admin admin, List<TopicPartition> partitions)
            throws ExecutionException, InterruptedException {
        Awaitility.await("the end of all transactions on " + partitions)
                .atMost(Stack.LIMIT)
                .until(() -> ends(admin, partitions, IsolationLevel.READ_COMMITTED)
                        .equals(ends(admin, partitions, IsolationLevel.READ_UNCOMMITTED)));
        return ends(admin, partitions, IsolationLevel.READ_COMMITTED);
    }

    private static Map<TopicPartition, Long> ends(Admin admin, List<TopicPartition> partitions, IsolationLevel level)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> latest =
                partitions.stream().collect(Collectors.toMap(partition -> partition, p -> OffsetSpec.latest()));
        Map<TopicPartition, Long> ends = new TreeMap<>(Comparator.comparing(TopicPartition::partition));
        admin.listOffsets(latest, new ListOffsetsOptions(level))
                .all()
                .get()
                .forEach((partition, end) -> ends.put(partition, end.offset()));
        return ends;
    }

    private static List<RecordedRecord> read(String bootstrap, Map<TopicPartition, Long> ends) {
        Map<String, Object> settings = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        List<RecordedRecord> records = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
                consumer.assign(List.of(end.getKey()));
                consumer.seekToBeginning(List.of(end.getKey()));
                while (consumer.position(end.getKey()) < end.getValue()) {
                    consumer.poll(Duration.ofMillis(100)).forEach(record -> records.add(RecordedRecord.of(record)));
                }
            }
        }
        return records;
    }

    private static SortedMap<String, String> settings(Admin admin, String topic)
            throws ExecutionException, InterruptedException {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        return config.entries().stream()
                .filter(entry -> entry.source() == ConfigSource.DYNAMIC_TOPIC_CONFIG)
                .collect(Collectors.toMap(ConfigEntry::name, ConfigEntry::value, (a, b) -> b, TreeMap::new));
    }

    private static SortedMap<String, RecordedGroup> groups(Admin admin)
            throws ExecutionException, InterruptedException {
        SortedMap<String, RecordedGroup> groups = new TreeMap<>();
        for (GroupListing group : admin.listGroups().all().get()) {
            String id = group.groupId();
            GroupType type = group.type().orElse(GroupType.UNKNOWN);
            SortedMap<String, Long> offsets = new TreeMap<>();
            if (type == GroupType.STREAMS) {
                Map<TopicPartition, OffsetAndMetadata> committed = admin.listStreamsGroupOffsets(
                                Map.of(id, new ListStreamsGroupOffsetsSpec()))
                        .partitionsToOffsetAndMetadata(id)
                        .get();
                committed.forEach((partition, offset) -> offsets.put(partition.toString(), offset.offset()));
            } else if (type == GroupType.SHARE) {
                Map<TopicPartition, SharePartitionOffsetInfo> started = admin.listShareGroupOffsets(
                                Map.of(id, new ListShareGroupOffsetsSpec()))
                        .partitionsToOffsetInfo(id)
                        .get();
                started.forEach((partition, offset) -> {
                    // None where no member has taken anything yet.
                    if (offset != null) {
                        offsets.put(partition.toString(), offset.startOffset());
                    }
                });
            } else {
                throw new IllegalStateException("group " + id + " is of type " + type + ", which no stage uses");
            }
            groups.put(id, new RecordedGroup(type.toString(), offsets));
        }
        return groups;
    }

    private void writeLines(String topic, List<RecordedRecord> records) throws IOException {
        if (records.isEmpty()) {
            return;
        }
        List<String> lines = new ArrayList<>();
        for (RecordedRecord record : records) {
            lines.add(JSON.writeValueAsString(record));
        }
        Files.createDirectories(folder.resolve("topics"));
        Files.write(file(topic), lines);
    }

    private void writeJson(String name, Object value) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve(name),
                JSON.writer(SerializationFeature.INDENT_OUTPUT).writeValueAsString(value) + "\n");
    }
}
