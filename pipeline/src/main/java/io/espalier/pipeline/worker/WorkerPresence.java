package io.espalier.pipeline.worker;

import com.google.protobuf.util.Timestamps;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.WorkerBeat;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells everyone of this worker: a beat every five seconds and at each change, a tombstone at the end. */
public final class WorkerPresence implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerPresence.class);
    private static final Duration EVERY = Duration.ofSeconds(5);
    /** Short tasks follow each other faster than anybody reads: beats are at least this far apart. */
    private static final Duration APART = Duration.ofMillis(100);

    private static final Duration GOODBYE = Duration.ofSeconds(2);

    private final KafkaProducer<String, byte[]> producer;
    private final String topic;
    private final Supplier<WorkerBeat> description;
    private final Semaphore changes = new Semaphore(0);
    private final Thread thread = new Thread(this::beat, "worker-presence");
    private volatile boolean running = true;

    /**
     * @param client connection settings: bootstrap servers, security
     * @param description this worker as it is now; the time is filled in
     */
    public WorkerPresence(Properties client, TopicCatalog topics, Supplier<WorkerBeat> description) {
        Properties settings = new Properties();
        settings.putAll(client);
        // An old beat is worth nothing: give up before the next.
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Long.toString(EVERY.toMillis()));
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Long.toString(EVERY.toMillis()));
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Long.toString(2 * EVERY.toMillis()));
        this.producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
        this.topic = topics.name("workers");
        this.description = description;
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    /** State or task of this worker has changed: the next beat is due now. */
    public void changed() {
        changes.release();
    }

    private void beat() {
        try {
            while (running) {
                send(description.get());
                TimeUnit.MILLISECONDS.sleep(APART.toMillis());
                if (changes.tryAcquire(EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                    changes.drainPermits();
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("no more beats");
        }
    }

    private void send(WorkerBeat now) {
        publish(
                now,
                now.toBuilder()
                        .setAt(Timestamps.fromMillis(System.currentTimeMillis()))
                        .build()
                        .toByteArray());
    }

    private void publish(WorkerBeat worker, byte @Nullable [] value) {
        long now = System.currentTimeMillis();
        var headers =
                CloudEventHeaders.of(worker.getService(), worker.getWorkerId(), "WorkerBeat", now, new RecordHeaders());
        try {
            var unused = producer.send(
                    new ProducerRecord<>(topic, null, now, worker.getWorkerId(), value, headers),
                    (metadata, failure) -> {
                        if (failure != null) {
                            LOG.debug("a beat was lost", failure);
                        }
                    });
        } catch (KafkaException e) {
            LOG.debug("a beat was lost", e);
        }
    }

    @Override
    public void close() {
        running = false;
        thread.interrupt();
        try {
            thread.join(GOODBYE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        publish(description.get(), null);
        producer.close(GOODBYE);
    }
}
