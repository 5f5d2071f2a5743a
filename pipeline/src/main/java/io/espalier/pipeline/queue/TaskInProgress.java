package io.espalier.pipeline.queue;

import com.google.protobuf.util.Timestamps;
import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.telemetry.StageMeters;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.Task;
import io.espalier.v1.TaskInHand;
import io.espalier.v1.TaskProgress;
import io.espalier.v1.TaskResult;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.header.Headers;

/**
 * The task a worker has in hand. The work says how far it is whenever it likes; the queue's thread, which ticks this while
 * the work runs, tells the stage: when there is news, at most twice a second, and without news as a sign of life. It also
 * stops work that nobody wants any more.
 */
final class TaskInProgress implements TaskReport {
    private static final long NEWS_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    /** Far below the silence after which a stage issues a task again. */
    private static final long SIGN_OF_LIFE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Task task;
    private final Headers trace;
    private final ResultPublisher results;
    private final JobLog jobs;
    private final StageMeters meters;
    private final Cancellation cancellation = new Cancellation();
    private final long since = System.currentTimeMillis();
    private final long began = System.nanoTime();
    private long tokensBefore;
    private volatile TaskProgress progress = TaskProgress.getDefaultInstance();
    private long toldAt = began;
    private TaskProgress told = progress;
    private volatile boolean givenBack;
    /** {@link System#nanoTime()} of the first request to stop; 0 before. */
    private volatile long stoppedAt;

    /** @param trace headers that carry the task's span */
    TaskInProgress(Task task, Headers trace, ResultPublisher results, JobLog jobs, StageMeters meters) {
        this.task = task;
        this.trace = trace;
        this.results = results;
        this.jobs = jobs;
        this.meters = meters;
    }

    /** Tells the stage that the task is in hand, so that it notices if it goes silent. */
    void started() {
        results.publishSoon(task, TaskResult.newBuilder().setProgress(progress), trace);
    }

    /**
     * Does the work on this thread; {@link #tick} may stop it.
     *
     * @throws EspalierException what the work throws, or {@code INTERNAL} if its result is more than a record can hold
     */
    TaskResult.Builder work(Worker worker) {
        TaskResult.Builder result = cancellation.around(() -> worker.run(task, this));
        int bytes = result.build().getSerializedSize();
        if (bytes > TopicCatalog.MAX_VALUE_BYTES) {
            throw new EspalierException(
                    ErrorCode.INTERNAL,
                    "task %s: its result takes %d bytes, at most %d can be published"
                            .formatted(task.getTaskId(), bytes, TopicCatalog.MAX_VALUE_BYTES));
        }
        return result;
    }

    /** Stops the work if its job has ended; tells the stage how far it is, or only that it is still at it. */
    void tick() {
        if (hasJobEnded()) {
            stop("the job has ended");
        }
        long now = System.nanoTime();
        TaskProgress latest = progress;
        if (now - toldAt >= (latest.equals(told) ? SIGN_OF_LIFE_NANOS : NEWS_NANOS)) {
            toldAt = now;
            told = latest;
            results.publishSoon(task, TaskResult.newBuilder().setProgress(latest), trace);
        }
    }

    /** Publishes the outcome; returns when the broker has it. */
    void ended(TaskResult.Builder outcome) {
        results.publish(task, outcome, trace);
    }

    @Override
    public void finished(String carriedTaskId, TaskResult.Builder result) {
        results.publish(task.toBuilder().setTaskId(carriedTaskId).build(), result, trace);
    }

    @Override
    public void advanced(String unit, long done, long total, long tokens) {
        Cancellation.check();
        meters.tokens(tokens - tokensBefore);
        tokensBefore = tokens;
        progress = TaskProgress.newBuilder()
                .setUnit(unit)
                .setDone(done)
                .setTotal(total)
                .setTokensPerSecond(tokens / ((System.nanoTime() - began) / 1e9))
                .build();
    }

    /** Stops the work so that another worker can do it. */
    void giveBack() {
        givenBack = true;
        stop("this worker gives its task back");
    }

    private synchronized void stop(String why) {
        if (stoppedAt == 0) {
            stoppedAt = System.nanoTime();
        }
        cancellation.request(why);
    }

    /** Whether the work was told to stop so that another worker can do it. */
    boolean isGivenBack() {
        return givenBack;
    }

    boolean hasJobEnded() {
        return jobs.hasEnded(task.getJobId());
    }

    /** Whether the work was told to stop. */
    boolean isCancelled() {
        return cancellation.isRequested();
    }

    /** Whether the work was told to stop this long ago and is still at it. */
    boolean isStuckFor(Duration limit) {
        return stoppedAt != 0 && System.nanoTime() - stoppedAt > limit.toNanos();
    }

    Duration took() {
        return Duration.ofNanos(System.nanoTime() - began);
    }

    TaskInHand toWire() {
        TaskInHand.Builder wire = TaskInHand.newBuilder()
                .setJobId(task.getJobId())
                .setTaskId(task.getTaskId())
                .setSince(Timestamps.fromMillis(since));
        if (!progress.getUnit().isEmpty()) {
            wire.setProgress(progress);
        }
        return wire.build();
    }
}
