package io.espalier.pipeline.worker;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.topic.TopicFollower;
import io.espalier.v1.KnownWorker;
import io.espalier.v1.WorkerBeat;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All workers, read from `workers`: every process that follows it knows the same, so any replica answers for any. */
public final class WorkerLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerLog.class);

    private final WorkerRoll roll = new WorkerRoll();
    private final Clock clock = Clock.systemUTC();
    private final TopicFollower follower;

    private WorkerLog(Properties client, String topic) {
        this.follower = new TopicFollower(client, topic, TopicFollower.From.BEGINNING, this::read);
    }

    /** @param client connection settings: bootstrap servers, security */
    public static WorkerLog follow(Properties client, TopicCatalog topics) {
        WorkerLog log = new WorkerLog(client, topics.name("workers"));
        log.follower.start();
        return log;
    }

    /** By service and worker id. */
    public List<KnownWorker> workers() {
        return roll.workers(clock.millis());
    }

    /** Workers of a service that are heard of now. */
    public int count(String service) {
        return roll.count(service, clock.millis());
    }

    /** @throws EspalierException NOT_FOUND if no such worker is known */
    public KnownWorker worker(String workerId) {
        return roll.worker(workerId, clock.millis())
                .orElseThrow(() -> new EspalierException(
                        ErrorCode.NOT_FOUND,
                        "worker_id \"%s\" names no known worker; list the workers".formatted(workerId)));
    }

    /** @throws EspalierException NOT_FOUND if no such worker is known, WORKER_LOST if it would not hear a command */
    public KnownWorker listening(String workerId) {
        KnownWorker worker = worker(workerId);
        if (worker.getLost()) {
            throw new EspalierException(
                    ErrorCode.WORKER_LOST,
                    "worker %s has been silent for %d s and hears no command; look at its process and its log"
                            .formatted(workerId, worker.getAge().getSeconds()));
        }
        return worker;
    }

    /** @return whether all beats written before the call that created this log have been read */
    public boolean awaitCaughtUp(Duration limit) {
        return follower.awaitCaughtUp(limit);
    }

    /** Whether the log is still being followed. */
    public boolean isRunning() {
        return follower.isRunning();
    }

    private void read(ConsumerRecord<String, byte[]> record) {
        try {
            roll.hear(record.key(), record.value() == null ? null : WorkerBeat.parseFrom(record.value()));
        } catch (InvalidProtocolBufferException e) {
            LOG.warn("unreadable beat at partition={} offset={}", record.partition(), record.offset());
        }
    }

    @Override
    public void close() {
        follower.close();
    }
}
