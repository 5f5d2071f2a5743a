package io.espalier.pipeline.queue;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.telemetry.TaskLabels;
import io.espalier.pipeline.telemetry.TaskOutcome;
import io.espalier.pipeline.telemetry.Telemetry;
import io.espalier.pipeline.telemetry.Traces;
import io.espalier.pipeline.topic.DeadLetter;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.Failure;
import io.espalier.v1.Task;
import io.espalier.v1.TaskGivenBack;
import io.espalier.v1.TaskResult;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes tasks from a share group one at a time, keeps the lock of the one being computed (RENEW), publishes its result
 * and only then acknowledges it. A killed worker's task goes to another; a result published twice is dropped by the
 * fold.
 *
 * <p>The share consumer is single-threaded: it polls and renews here while the work runs on the compute thread. While
 * the worker takes no tasks ({@link Availability}) it is no member of the group, so that nothing waits in its fetch buffer.
 */
public final class TaskQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TaskQueue.class);
    private static final long RENEW_EVERY_MILLIS = 5_000;
    /** A task that took this many workers down is given up. */
    private static final int MAX_DELIVERIES = 5;
    /** An unexpected failure is tried again by another worker before the job fails. */
    private static final int MAX_TRIES = 3;

    private final StageTopics stage;
    private final TopicCatalog topics;
    private final Properties client;
    private final String workerName;
    private final ResultPublisher results;
    private final Worker worker;
    private final JobLog jobs;
    private final Telemetry telemetry;
    private final Availability availability;
    private final Duration stopLimit;
    private final ExecutorService compute;
    private final Thread poller;
    private volatile @Nullable TaskShare share;
    /** The compute thread is held by work that does not stop: no other task can be taken. */
    private boolean stuck;

    /** How a task ended for this worker: what the broker and the metrics are told. */
    private record End(AcknowledgeType acknowledgement, TaskOutcome outcome) {
        static final End DONE = new End(AcknowledgeType.ACCEPT, TaskOutcome.DONE);
        static final End FAILED = new End(AcknowledgeType.ACCEPT, TaskOutcome.FAILED);
        /** Acknowledged and issued again by the stage. Released, it would count as the task of one more lost worker. */
        static final End HANDED_BACK = new End(AcknowledgeType.ACCEPT, TaskOutcome.GIVEN_BACK);

        static final End GIVEN_BACK = new End(AcknowledgeType.RELEASE, TaskOutcome.GIVEN_BACK);
        static final End NOT_WANTED = new End(AcknowledgeType.REJECT, TaskOutcome.GIVEN_BACK);
    }

    /**
     * @param client connection settings: bootstrap servers, security
     * @param workerName names this process in results
     * @param availability whether tasks are taken, and which one is in hand
     * @param stopLimit how long work may go on after its job has ended; then this queue ends, so that the process is replaced
     */
    public TaskQueue(
            Properties client,
            TopicCatalog topics,
            StageTopics stage,
            String workerName,
            Worker worker,
            JobLog jobs,
            Telemetry telemetry,
            Availability availability,
            Duration stopLimit) {
        this.client = client;
        this.topics = topics;
        this.stage = stage;
        this.workerName = workerName;
        this.worker = worker;
        this.jobs = jobs;
        this.telemetry = telemetry;
        this.availability = availability;
        this.stopLimit = stopLimit;
        this.results = new ResultPublisher(client, topics, stage, workerName);
        this.compute = Executors.newSingleThreadExecutor(Daemons.named("compute"));
        this.poller = Daemons.named("task-queue").newThread(this::run);
    }

    /** The share group of a stage's workers. */
    public static String groupId(TopicCatalog topics, StageTopics stage) {
        return topics.name(stage.tasks());
    }

    public void start() {
        poller.start();
    }

    /** Whether tasks are taken, or will be when this worker is resumed. */
    public boolean isRunning() {
        return poller.isAlive();
    }

    private void run() {
        try {
            while (!stuck && availability.awaitOpen()) {
                takeTasks();
                availability.left();
            }
        } catch (WakeupException e) {
            LOG.debug("task queue closed");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("task queue stopped; the service must be restarted", e);
        }
    }

    private void takeTasks() {
        try (TaskShare member = new TaskShare(client, groupId(topics, stage), topics.name(stage.tasks()))) {
            share = member;
            while (availability.isOpen() && !stuck) {
                member.next().ifPresent(record -> take(member, record));
            }
        } finally {
            share = null;
        }
    }

    private void take(TaskShare member, ConsumerRecord<String, byte[]> record) {
        try {
            member.settle(record, handle(member, record));
        } catch (KafkaException e) {
            // The broker was away for longer than a producer waits: the work is done again, by whoever gets it.
            LOG.warn("could not publish a result, the task goes back offset={}", record.offset(), e);
            member.settle(record, AcknowledgeType.RELEASE);
        } catch (RuntimeException e) {
            LOG.error("a task record is set aside offset={}", record.offset(), e);
            deadLetter(record, ErrorCode.INTERNAL, e.toString());
            member.settle(record, AcknowledgeType.REJECT);
        } finally {
            availability.putDown();
        }
    }

    private AcknowledgeType handle(TaskShare member, ConsumerRecord<String, byte[]> record) {
        Task task;
        try {
            task = Task.parseFrom(record.value());
        } catch (InvalidProtocolBufferException e) {
            deadLetter(record, ErrorCode.MALFORMED_MESSAGE, "not a task: " + e.getMessage());
            return AcknowledgeType.REJECT;
        }
        if (jobs.hasEnded(task.getJobId())) {
            return AcknowledgeType.REJECT;
        }
        try {
            return TaskLogContext.about(task, workerName, () -> observed(member, record, task));
        } catch (KafkaException e) {
            throw e;
        } catch (RuntimeException e) {
            // Its job would wait for ever for a task that nobody reports on.
            LOG.error("a task is given up job={} task={}", task.getJobId(), task.getTaskId(), e);
            results.publish(task, failure(ErrorCode.INTERNAL, "task " + task.getTaskId() + ": " + e), record.headers());
            return AcknowledgeType.ACCEPT;
        }
    }

    private void deadLetter(ConsumerRecord<String, byte[]> record, ErrorCode code, String reason) {
        results.deadLetter(DeadLetter.of(
                record.key(),
                record.value(),
                record.headers(),
                new DeadLetter.Place(record.topic(), record.partition(), record.offset()),
                code.name(),
                reason));
        telemetry.meters().failed(code.name());
    }

    private AcknowledgeType observed(TaskShare member, ConsumerRecord<String, byte[]> record, Task task) {
        try (Traces.Span span = telemetry.traces().begin(TaskLabels.work(task), record.headers(), labels(task))) {
            TaskInProgress inHand = new TaskInProgress(task, span.headers(), results, jobs, telemetry.meters());
            End end = End.GIVEN_BACK;
            try {
                end = compute(member, record, task, inHand);
                return end.acknowledgement();
            } finally {
                if (end.outcome() != TaskOutcome.DONE) {
                    span.failed(end.outcome().label());
                }
                telemetry.meters().taskEnded(TaskLabels.work(task), end.outcome(), inHand.took());
            }
        }
    }

    private Map<String, String> labels(Task task) {
        Map<String, String> labels = new TreeMap<>(TaskLabels.of(task));
        labels.put("worker", workerName);
        return labels;
    }

    private End compute(TaskShare member, ConsumerRecord<String, byte[]> record, Task task, TaskInProgress inHand) {
        int deliveries = record.deliveryCount().map(Short::intValue).orElse(1);
        if (deliveries > MAX_DELIVERIES) {
            inHand.ended(failure(
                    ErrorCode.WORKER_LOST,
                    "%d workers died on task %s; look at their logs, too little memory is the usual cause"
                            .formatted(deliveries - 1, task.getTaskId())));
            return End.FAILED;
        }
        LOG.info(
                "task started job={} task={} attempt={} delivery={}",
                task.getJobId(),
                task.getTaskId(),
                task.getAttempt(),
                deliveries);
        availability.takeUp(inHand);
        inHand.started();
        Future<TaskResult.Builder> outcome =
                compute.submit(() -> TaskLogContext.about(task, workerName, () -> inHand.work(worker)));
        long renewed = System.nanoTime();
        while (true) {
            try {
                inHand.ended(outcome.get(100, TimeUnit.MILLISECONDS));
                LOG.info("task done job={} task={}", task.getJobId(), task.getTaskId());
                return End.DONE;
            } catch (TimeoutException e) {
                inHand.tick();
                if (inHand.isGivenBack() && inHand.isStuckFor(availability.grace())) {
                    LOG.warn("task left while it still computes job={} task={}", task.getJobId(), task.getTaskId());
                    return handedBack(inHand);
                }
                if (inHand.isStuckFor(stopLimit)) {
                    LOG.error(
                            "task does not stop, this worker must be replaced job={} task={} told={} ago",
                            task.getJobId(),
                            task.getTaskId(),
                            stopLimit);
                    telemetry.meters().failed(ErrorCode.WORKER_LOST.name());
                    stuck = true;
                    return End.NOT_WANTED;
                }
                if (TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - renewed) > RENEW_EVERY_MILLIS) {
                    member.renew(record);
                    renewed = System.nanoTime();
                }
            } catch (ExecutionException e) {
                return failed(task, inHand, deliveries, e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return End.GIVEN_BACK;
            }
        }
    }

    private End failed(Task task, TaskInProgress inHand, int deliveries, @Nullable Throwable cause) {
        if (cause instanceof EspalierException known) {
            if (known.code() == ErrorCode.CANCELLED && inHand.isCancelled()) {
                LOG.info("task left job={} task={} because={}", task.getJobId(), task.getTaskId(), known.getMessage());
                return inHand.hasJobEnded() ? End.NOT_WANTED : handedBack(inHand);
            }
            log(task, known);
            inHand.ended(failure(known.code(), String.valueOf(known.getMessage())));
            return End.FAILED;
        }
        LOG.error("task broke job={} task={} delivery={}", task.getJobId(), task.getTaskId(), deliveries, cause);
        if (deliveries < MAX_TRIES) {
            return End.GIVEN_BACK;
        }
        inHand.ended(failure(ErrorCode.INTERNAL, "task " + task.getTaskId() + ": " + cause));
        return End.FAILED;
    }

    /** A failure that a user can correct is told in the job's events; only a defect needs a stack trace in the log. */
    private static void log(Task task, EspalierException known) {
        if (known.code() == ErrorCode.INTERNAL) {
            LOG.error("task failed job={} task={}", task.getJobId(), task.getTaskId(), known);
        } else {
            LOG.info("task failed job={} task={} code={}", task.getJobId(), task.getTaskId(), known.code());
        }
    }

    private static End handedBack(TaskInProgress inHand) {
        inHand.ended(TaskResult.newBuilder().setGivenBack(TaskGivenBack.getDefaultInstance()));
        return End.HANDED_BACK;
    }

    private static TaskResult.Builder failure(ErrorCode code, String message) {
        return TaskResult.newBuilder()
                .setFailure(Failure.newBuilder().setCode(code.name()).setMessage(message));
    }

    /** Gives the task in hand back and leaves the group. */
    @Override
    public void close() {
        availability.close();
        try {
            poller.join(availability.grace().plusSeconds(5).toMillis());
            TaskShare waiting = share;
            if (waiting != null) {
                waiting.wakeup();
            }
            compute.shutdown();
            // While the work ends, it deletes what it has staged on disk.
            if (!compute.awaitTermination(1, TimeUnit.SECONDS)) {
                compute.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        results.close();
    }
}
