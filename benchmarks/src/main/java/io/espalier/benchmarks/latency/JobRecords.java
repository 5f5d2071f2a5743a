package io.espalier.benchmarks.latency;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.pipeline.job.JobView;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.topic.TopicFile;
import io.espalier.v1.JobEvent;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The records of one job in all topics. The time of a record is the time at which its writer created it. */
public record JobRecords(TopicCatalog topics, List<ConsumerRecord<String, byte[]>> records) {
    private static final Duration POLL = Duration.ofMillis(200);

    /** Reads every topic from its beginning to its current end. */
    public static JobRecords read(String bootstrap, TopicCatalog topics, String jobId) {
        Properties settings = new Properties();
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        List<TopicPartition> partitions = topics.topics().stream()
                .flatMap(topic -> IntStream.range(0, topic.partitions())
                        .mapToObj(partition -> new TopicPartition(topics.name(topic.name()), partition)))
                .toList();
        List<ConsumerRecord<String, byte[]>> found = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(POLL).forEach(record -> {
                    if (jobId.equals(record.key())) {
                        found.add(record);
                    }
                });
            }
        }
        return new JobRecords(topics, found);
    }

    /** The times in which no task of the job ran. */
    public List<Wait> waits() throws InvalidProtocolBufferException {
        List<TaskSpan> spans = new ArrayList<>();
        for (StageTopics stage : TopicFile.declared().stages()) {
            spans.addAll(spans(stage));
        }
        return Wait.of(of("prune-requests").get(0).timestamp(), spans, completed());
    }

    private List<TaskSpan> spans(StageTopics stage) throws InvalidProtocolBufferException {
        Map<String, List<ConsumerRecord<String, byte[]>>> byTask = new HashMap<>();
        for (ConsumerRecord<String, byte[]> result : of(stage.results())) {
            byTask.computeIfAbsent(TaskResult.parseFrom(result.value()).getTaskId(), id -> new ArrayList<>())
                    .add(result);
        }
        List<TaskSpan> spans = new ArrayList<>();
        for (ConsumerRecord<String, byte[]> written : of(stage.tasks())) {
            String id = Task.parseFrom(written.value()).getTaskId();
            List<ConsumerRecord<String, byte[]>> results = byTask.getOrDefault(id, List.of());
            OptionalLong started =
                    results.stream().mapToLong(ConsumerRecord::timestamp).min();
            OptionalLong ended =
                    results.stream().mapToLong(ConsumerRecord::timestamp).max();
            if (started.isPresent() && ended.isPresent()) {
                String kind = stage.stage() + " " + id.replaceAll("[-/]?\\d.*", "");
                spans.add(
                        new TaskSpan(stage.stage(), kind, written.timestamp(), started.getAsLong(), ended.getAsLong()));
            }
        }
        return spans;
    }

    private long completed() throws InvalidProtocolBufferException {
        for (ConsumerRecord<String, byte[]> record : of("job-events")) {
            byte[] event = EventsFormat.protobuf(record.value(), record.headers(), JobEvent.getDefaultInstance());
            if (JobView.isTerminal(JobEvent.parseFrom(event))) {
                return record.timestamp();
            }
        }
        throw new IllegalStateException("the job has no terminal event");
    }

    private List<ConsumerRecord<String, byte[]>> of(String topic) {
        return records.stream()
                .filter(record -> record.topic().equals(topics.name(topic)))
                .toList();
    }
}
