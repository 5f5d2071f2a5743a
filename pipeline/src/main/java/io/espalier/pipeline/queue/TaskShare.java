package io.espalier.pipeline.queue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This worker's membership in the share group of a task topic, for one thread. Closing it leaves the group, and the
 * broker gives what was fetched and not settled to others at once.
 */
final class TaskShare implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TaskShare.class);
    /** A poll asks the broker only once: right after an acknowledgement, a longer one would delay the next task. */
    private static final Duration POLL = Duration.ofMillis(50);

    private final KafkaShareConsumer<String, byte[]> consumer;
    private final Deque<ConsumerRecord<String, byte[]>> waiting = new ArrayDeque<>();

    TaskShare(Properties client, String group, String topic) {
        Properties settings = new Properties();
        settings.putAll(client);
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        settings.put(ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG, "explicit");
        settings.put(ConsumerConfig.SHARE_ACQUIRE_MODE_CONFIG, "record_limit");
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "1");
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "250");
        this.consumer = new KafkaShareConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
        consumer.subscribe(List.of(topic));
    }

    /** The next task, locked for this worker; empty when none came for a moment. */
    Optional<ConsumerRecord<String, byte[]>> next() {
        if (waiting.isEmpty()) {
            consumer.poll(POLL).forEach(waiting::addLast);
        }
        return Optional.ofNullable(waiting.pollFirst());
    }

    /**
     * Keeps a record locked. A renewed record comes back with the next poll; a new record that comes in the same poll waits
     * for its turn. It is renewed from then on too: the consumer polls only when all that it has fetched is acknowledged.
     */
    void renew(ConsumerRecord<String, byte[]> record) {
        List<ConsumerRecord<String, byte[]>> held = new ArrayList<>(waiting);
        held.add(record);
        held.forEach(each -> settle(each, AcknowledgeType.RENEW));
        try {
            consumer.poll(Duration.ZERO).forEach(fetched -> {
                if (held.stream().noneMatch(each -> isSame(each, fetched))) {
                    waiting.addLast(fetched);
                }
            });
        } catch (IllegalStateException | KafkaException e) {
            // The work goes on: at worst the lock ends, and another worker does the task too.
            LOG.warn("could not renew offset={} because={}", record.offset(), e.toString());
        }
    }

    private static boolean isSame(ConsumerRecord<String, byte[]> one, ConsumerRecord<String, byte[]> other) {
        return one.offset() == other.offset() && one.partition() == other.partition();
    }

    /** A lost lock is reported in the map, not thrown: the task then goes to another worker, which does no harm. */
    void settle(ConsumerRecord<String, byte[]> record, AcknowledgeType type) {
        try {
            consumer.acknowledge(record, type);
            consumer.commitSync()
                    .forEach((partition, error) -> error.ifPresent(
                            e -> LOG.warn("could not {} offset={} because={}", type, record.offset(), e.toString())));
        } catch (IllegalStateException | KafkaException e) {
            LOG.warn("could not {} offset={} because={}", type, record.offset(), e.toString());
        }
    }

    /** Ends a call that waits for the broker, from another thread. */
    void wakeup() {
        consumer.wakeup();
    }

    @Override
    public void close() {
        consumer.close();
    }
}
