package io.espalier.pipeline.queue;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.model.ErrorCode;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.stage.StageName;
import io.espalier.pipeline.topic.DeadLetter;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.Failure;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes tasks from a share group one at a time, keeps the lock of the one being computed (RENEW), publishes its result
 * and only then acknowledges it. A killed worker's task goes to another; a result published twice is dropped by the
 * fold.
 *
 * <p>The share consumer is single-threaded: it polls and renews here while the work runs on the compute thread.
 */
public final class TaskQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TaskQueue.class);
    /** A poll asks the broker only once: right after an acknowledgement, a longer one would delay the next task. */
    private static final Duration POLL = Duration.ofMillis(50);

    private static final long RENEW_EVERY_MILLIS = 5_000;
    /** A task that took this many workers down is given up. */
    private static final int MAX_DELIVERIES = 5;
    /** An unexpected failure is tried again by another worker before the job fails. */
    private static final int MAX_TRIES = 3;

    private final StageName stage;
    private final TopicCatalog topics;
    private final KafkaShareConsumer<String, byte[]> consumer;
    private final ResultPublisher results;
    private final Worker worker;
    private final JobLog jobs;
    private final ExecutorService compute;
    private final Thread poller;
    private final Deque<ConsumerRecord<String, byte[]>> waiting = new ArrayDeque<>();
    private volatile boolean running = true;

    /**
     * @param client connection settings: bootstrap servers, security
     * @param workerName names this process in results
     */
    public TaskQueue(
            Properties client, TopicCatalog topics, StageName stage, String workerName, Worker worker, JobLog jobs) {
        this.stage = stage;
        this.topics = topics;
        this.worker = worker;
        this.jobs = jobs;
        Properties settings = new Properties();
        settings.putAll(client);
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, groupId(topics, stage));
        settings.put(ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG, "explicit");
        settings.put(ConsumerConfig.SHARE_ACQUIRE_MODE_CONFIG, "record_limit");
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "1");
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "250");
        this.consumer = new KafkaShareConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
        this.results = new ResultPublisher(client, topics, stage, workerName);
        this.compute = Executors.newSingleThreadExecutor(Daemons.named("compute"));
        this.poller = Daemons.named("task-queue").newThread(this::poll);
    }

    /** The share group all workers of a stage are in. */
    public static String groupId(TopicCatalog topics, StageName stage) {
        return topics.name(stage.taskTopic());
    }

    public void start() {
        poller.start();
    }

    /** Whether tasks are still being taken. */
    public boolean isRunning() {
        return poller.isAlive();
    }

    private void poll() {
        try (consumer) {
            consumer.subscribe(List.of(topics.name(stage.taskTopic())));
            while (running) {
                consumer.poll(POLL).forEach(waiting::addLast);
                while (running && !waiting.isEmpty()) {
                    take(waiting.removeFirst());
                }
            }
        } catch (WakeupException e) {
            LOG.debug("task queue closed");
        } catch (RuntimeException e) {
            LOG.error("task queue stopped; the service must be restarted", e);
        }
    }

    private void take(ConsumerRecord<String, byte[]> record) {
        try {
            settle(record, handle(record));
        } catch (KafkaException e) {
            // The broker was away for longer than a producer waits: the work is done again, by whoever gets it.
            LOG.warn("could not publish a result, the task goes back offset={}", record.offset(), e);
            settle(record, AcknowledgeType.RELEASE);
        }
    }

    private AcknowledgeType handle(ConsumerRecord<String, byte[]> record) {
        Task task;
        try {
            task = Task.parseFrom(record.value());
        } catch (InvalidProtocolBufferException e) {
            results.deadLetter(
                    record,
                    DeadLetter.headers(
                            record.headers(),
                            record.topic(),
                            record.partition(),
                            record.offset(),
                            ErrorCode.MALFORMED_MESSAGE.name(),
                            "not a task: " + e.getMessage()));
            return AcknowledgeType.REJECT;
        }
        if (jobs.hasEnded(task.getJobId())) {
            return AcknowledgeType.REJECT;
        }
        int deliveries = record.deliveryCount().map(Short::intValue).orElse(1);
        if (deliveries > MAX_DELIVERIES) {
            results.publish(
                    task,
                    failure(
                            ErrorCode.WORKER_LOST,
                            "%d workers died on task %s; look at their logs, too little memory is the usual cause"
                                    .formatted(deliveries - 1, task.getTaskId())));
            return AcknowledgeType.ACCEPT;
        }
        return compute(record, task, deliveries);
    }

    private AcknowledgeType compute(ConsumerRecord<String, byte[]> record, Task task, int deliveries) {
        LOG.info(
                "task started job={} task={} attempt={} delivery={}",
                task.getJobId(),
                task.getTaskId(),
                task.getAttempt(),
                deliveries);
        TaskProgressReport progress = new TaskProgressReport(task, results, jobs, () -> running);
        progress.started();
        Future<TaskResult.Builder> outcome = compute.submit(() -> worker.run(task, progress));
        long renewed = System.nanoTime();
        while (true) {
            try {
                results.publish(task, outcome.get(100, TimeUnit.MILLISECONDS));
                LOG.info("task done job={} task={}", task.getJobId(), task.getTaskId());
                return AcknowledgeType.ACCEPT;
            } catch (TimeoutException e) {
                if (TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - renewed) > RENEW_EVERY_MILLIS) {
                    renew(record);
                    renewed = System.nanoTime();
                }
            } catch (ExecutionException e) {
                return failed(task, deliveries, e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return AcknowledgeType.RELEASE;
            }
        }
    }

    private AcknowledgeType failed(Task task, int deliveries, @Nullable Throwable cause) {
        if (cause instanceof TaskProgressReport.Stopped stopped) {
            LOG.info("task left job={} task={} because={}", task.getJobId(), task.getTaskId(), stopped.getMessage());
            return stopped.jobEnded() ? AcknowledgeType.REJECT : AcknowledgeType.RELEASE;
        }
        if (cause instanceof io.espalier.model.EspalierException known) {
            LOG.info("task failed job={} task={} code={}", task.getJobId(), task.getTaskId(), known.code());
            results.publish(task, failure(known.code(), String.valueOf(known.getMessage())));
            return AcknowledgeType.ACCEPT;
        }
        LOG.error("task broke job={} task={} delivery={}", task.getJobId(), task.getTaskId(), deliveries, cause);
        if (deliveries < MAX_TRIES) {
            return AcknowledgeType.RELEASE;
        }
        results.publish(task, failure(ErrorCode.INTERNAL, "task " + task.getTaskId() + ": " + cause));
        return AcknowledgeType.ACCEPT;
    }

    /** A renewed record comes back with the next poll; a new one that slips in with it waits. */
    private void renew(ConsumerRecord<String, byte[]> record) {
        settle(record, AcknowledgeType.RENEW);
        consumer.poll(Duration.ZERO).forEach(other -> {
            if (other.offset() != record.offset() || other.partition() != record.partition()) {
                waiting.addLast(other);
            }
        });
    }

    /** A lost lock is reported in the map, not thrown: the task then goes to another worker, which does no harm. */
    private void settle(ConsumerRecord<String, byte[]> record, AcknowledgeType type) {
        try {
            consumer.acknowledge(record, type);
            consumer.commitSync()
                    .forEach((partition, error) -> error.ifPresent(
                            e -> LOG.warn("could not {} offset={} because={}", type, record.offset(), e.toString())));
        } catch (IllegalStateException | KafkaException e) {
            LOG.warn("could not {} offset={} because={}", type, record.offset(), e.toString());
        }
    }

    private static TaskResult.Builder failure(ErrorCode code, String message) {
        return TaskResult.newBuilder()
                .setFailure(Failure.newBuilder().setCode(code.name()).setMessage(message));
    }

    /** Gives the task in hand back and leaves the group. */
    @Override
    public void close() {
        running = false;
        try {
            poller.join(TimeUnit.SECONDS.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        consumer.wakeup();
        compute.shutdownNow();
        results.close();
    }
}
