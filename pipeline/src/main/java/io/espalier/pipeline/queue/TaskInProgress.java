package io.espalier.pipeline.queue;

import com.google.protobuf.util.Timestamps;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.telemetry.StageMeters;
import io.espalier.v1.Task;
import io.espalier.v1.TaskInHand;
import io.espalier.v1.TaskProgress;
import io.espalier.v1.TaskResult;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.header.Headers;

/**
 * The task a worker has in hand: publishes how far it is, at most twice a second, and stops it when nobody wants its
 * result any more or the worker is to give it back.
 */
final class TaskInProgress implements TaskReport {
    private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Task task;
    private final Headers trace;
    private final ResultPublisher results;
    private final JobLog jobs;
    private final StageMeters meters;
    private final long since = System.currentTimeMillis();
    private final long began = System.nanoTime();
    private long last = began;
    private long tokensBefore;
    private volatile TaskProgress progress = TaskProgress.getDefaultInstance();
    /** {@link System#nanoTime()} of the request to give the task back; 0 before. */
    private volatile long givenBackAt;

    /** Thrown through the work: not a failure of the job. */
    static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final boolean jobEnded;

        Stopped(String reason, boolean jobEnded) {
            super(reason);
            this.jobEnded = jobEnded;
        }

        boolean jobEnded() {
            return jobEnded;
        }
    }

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
        meters.tokens(tokens - tokensBefore);
        tokensBefore = tokens;
        if (jobs.hasEnded(task.getJobId())) {
            throw new Stopped("the job has ended", true);
        }
        if (givenBackAt != 0) {
            throw new Stopped("this worker gives its task back", false);
        }
        long now = System.nanoTime();
        if (now - last < EVERY_NANOS) {
            return;
        }
        last = now;
        progress = TaskProgress.newBuilder()
                .setUnit(unit)
                .setDone(done)
                .setTotal(total)
                .setTokensPerSecond(tokens / ((now - began) / 1e9))
                .build();
        results.publishSoon(task, TaskResult.newBuilder().setProgress(progress), trace);
    }

    /** Stops the work at its next report. */
    void giveBack() {
        if (givenBackAt == 0) {
            givenBackAt = System.nanoTime();
        }
    }

    /** Whether the work was to stop this long ago and is still at it. */
    boolean isStuckFor(Duration grace) {
        return givenBackAt != 0 && System.nanoTime() - givenBackAt > grace.toNanos();
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
