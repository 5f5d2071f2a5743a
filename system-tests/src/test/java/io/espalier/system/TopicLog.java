package io.espalier.system;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.espalier.pipeline.job.JobView;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.Topic;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.topic.TopicFile;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobEvent;
import io.espalier.v1.ScoreFact;
import io.espalier.v1.TaskResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** All that was committed to any topic since the beginning, in the order of each partition. */
final class TopicLog implements AutoCloseable {
    private final KafkaConsumer<String, byte[]> consumer;
    private final Map<String, List<ConsumerRecord<String, byte[]>>> records = new HashMap<>();
    private final Map<TopicKey, List<ConsumerRecord<String, byte[]>>> recordsOfKeys = new HashMap<>();
    private final Thread follower;
    private volatile boolean running = true;

    /** @param key null of a record that has none */
    private record TopicKey(String topic, @Nullable String key) {}

    private TopicLog(KafkaConsumer<String, byte[]> consumer, List<TopicPartition> partitions) {
        this.consumer = consumer;
        this.follower = new Thread(() -> follow(partitions), "topic-log");
        follower.setDaemon(true);
    }

    static TopicLog follow(String bootstrap, TopicCatalog topics) {
        Map<String, Object> settings = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false",
                ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "50");
        List<TopicPartition> partitions = topics.topics().stream()
                .flatMap(topic -> partitions(topics, topic).stream())
                .toList();
        TopicLog log = new TopicLog(
                new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer()), partitions);
        log.follower.start();
        return log;
    }

    private static List<TopicPartition> partitions(TopicCatalog topics, Topic topic) {
        return IntStream.range(0, topic.partitions())
                .mapToObj(partition -> new TopicPartition(topics.name(topic.name()), partition))
                .toList();
    }

    synchronized List<ConsumerRecord<String, byte[]>> records(String topic) {
        return List.copyOf(records.getOrDefault(topic, List.of()));
    }

    synchronized List<ConsumerRecord<String, byte[]>> records(String topic, String jobId) {
        return List.copyOf(recordsOfKeys.getOrDefault(new TopicKey(topic, jobId), List.of()));
    }

    /** Every record that some part of the pipeline gave up on. */
    synchronized List<ConsumerRecord<String, byte[]>> deadLetters() {
        return records.values().stream()
                .flatMap(List::stream)
                .filter(record -> record.topic().endsWith("-dlt"))
                .toList();
    }

    List<JobEvent> events(String jobId) {
        return records("job-events", jobId).stream().map(TopicLog::event).toList();
    }

    static JobEvent event(ConsumerRecord<String, byte[]> record) {
        return parse(JobEvent.parser(), record);
    }

    List<JobEvent> terminalEvents(String jobId) {
        return events(jobId).stream().filter(JobView::isTerminal).toList();
    }

    List<ScoreFact> scores(String jobId) {
        return records("layer-scores", jobId).stream()
                .map(record -> parse(ScoreFact.parser(), record))
                .toList();
    }

    List<EvaluationReport> evaluations(String jobId) {
        return records("evaluations", jobId).stream()
                .map(record -> parse(EvaluationReport.parser(), record))
                .toList();
    }

    /** What the workers of all stages said of the tasks of a job, stage by stage. */
    List<TaskResult> results(String jobId) {
        List<TaskResult> all = new ArrayList<>();
        for (StageTopics stage : TopicFile.declared().stages()) {
            records(stage.results(), jobId).forEach(record -> all.add(parse(TaskResult.parser(), record)));
        }
        return all;
    }

    /** Ids of all jobs that were accepted. */
    List<String> acceptedJobs() {
        return records("accepted-requests").stream()
                .map(ConsumerRecord::key)
                .distinct()
                .toList();
    }

    /** Waits until everything that was written to a topic before the call has been read. */
    void catchUp(String topic, Properties kafka) {
        Map<TopicPartition, Long> ends;
        try (KafkaConsumer<String, byte[]> other =
                new KafkaConsumer<>(kafka, new StringDeserializer(), new ByteArrayDeserializer())) {
            ends = other.endOffsets(other.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList());
        }
        Awaitility.await("all of " + topic)
                .atMost(Stack.LIMIT)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> ends.entrySet().stream()
                        .allMatch(end -> nextOffset(topic, end.getKey().partition()) >= end.getValue()));
    }

    private long nextOffset(String topic, int partition) {
        return records(topic).stream()
                .filter(record -> record.partition() == partition)
                .mapToLong(record -> record.offset() + 1)
                .max()
                .orElse(0);
    }

    private static <M extends Message> M parse(Parser<M> parser, ConsumerRecord<String, byte[]> record) {
        try {
            return parser.parseFrom(record.value());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("no message of " + record.topic(), e);
        }
    }

    private void follow(List<TopicPartition> partitions) {
        try (consumer) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (running) {
                var polled = consumer.poll(Duration.ofMillis(100));
                polled.forEach(this::add);
            }
        } catch (WakeupException e) {
            return;
        }
    }

    private synchronized void add(ConsumerRecord<String, byte[]> record) {
        records.computeIfAbsent(record.topic(), topic -> new ArrayList<>()).add(record);
        recordsOfKeys
                .computeIfAbsent(new TopicKey(record.topic(), record.key()), key -> new ArrayList<>())
                .add(record);
    }

    @Override
    public void close() {
        running = false;
        consumer.wakeup();
        try {
            follower.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
