package io.espalier.pipeline.topic;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hears every committed record of a topic on a thread of its own, without a consumer group. */
public final class TopicFollower implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TopicFollower.class);
    private static final Duration POLL = Duration.ofMillis(250);

    private final KafkaConsumer<String, byte[]> consumer;
    private final String topic;
    private final From from;
    private final Consumer<ConsumerRecord<String, byte[]>> reader;
    private final CountDownLatch caughtUp = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean running = true;

    /** Where following begins. */
    public enum From {
        BEGINNING,
        NOW
    }

    /**
     * @param client connection settings: bootstrap servers, security
     * @param topic its full name
     */
    public TopicFollower(Properties client, String topic, From from, Consumer<ConsumerRecord<String, byte[]>> reader) {
        Properties settings = new Properties();
        settings.putAll(client);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "100");
        this.consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
        this.topic = topic;
        this.from = from;
        this.reader = reader;
        this.thread = new Thread(this::follow, topic + "-log");
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    /** @return whether all records that were there at the start have been heard */
    public boolean awaitCaughtUp(Duration limit) {
        try {
            return caughtUp.await(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    public boolean isCaughtUp() {
        return caughtUp.getCount() == 0;
    }

    /** Whether the topic is still being followed. */
    public boolean isRunning() {
        return thread.isAlive();
    }

    private void follow() {
        try (consumer) {
            List<TopicPartition> partitions = awaitPartitions();
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            if (from == From.BEGINNING) {
                consumer.seekToBeginning(partitions);
            } else {
                ends.forEach(consumer::seek);
            }
            while (running) {
                consumer.poll(POLL).forEach(this::hear);
                if (!isCaughtUp()
                        && partitions.stream()
                                .allMatch(partition ->
                                        consumer.position(partition) >= ends.getOrDefault(partition, 0L))) {
                    caughtUp.countDown();
                }
            }
        } catch (WakeupException | InterruptedException e) {
            LOG.debug("no longer following {}", topic);
        } catch (RuntimeException e) {
            LOG.error("following {} stopped; the service must be restarted", topic, e);
        }
    }

    /** A record that its reader fails on is passed over: it would fail again, and the topic must still be followed. */
    private void hear(ConsumerRecord<String, byte[]> record) {
        try {
            reader.accept(record);
        } catch (RuntimeException e) {
            LOG.error(
                    "record passed over topic={} partition={} offset={}",
                    topic,
                    record.partition(),
                    record.offset(),
                    e);
        }
    }

    /** A new installation may start its services before somebody has made the topics. */
    private List<TopicPartition> awaitPartitions() throws InterruptedException {
        List<PartitionInfo> partitions = consumer.partitionsFor(topic);
        if (partitions.isEmpty()) {
            LOG.warn("topic {} is not there yet", topic);
        }
        while (partitions.isEmpty() && running) {
            TimeUnit.SECONDS.sleep(1);
            partitions = consumer.partitionsFor(topic);
        }
        return partitions.stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
    }

    @Override
    public void close() {
        running = false;
        if (thread.getState() == Thread.State.NEW) {
            // Nobody follows, so nobody else closes it.
            consumer.close();
            return;
        }
        consumer.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
