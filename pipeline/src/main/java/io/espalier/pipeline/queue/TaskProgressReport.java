package io.espalier.pipeline.queue;

import io.espalier.pipeline.job.JobLog;
import io.espalier.v1.Task;
import io.espalier.v1.TaskProgress;
import io.espalier.v1.TaskResult;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Publishes how far a task is, at most twice a second, and stops it when nobody wants its result any more. */
final class TaskProgressReport implements TaskReport {
    private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Task task;
    private final ResultPublisher results;
    private final JobLog jobs;
    private final BooleanSupplier running;
    private final long began = System.nanoTime();
    private long last = began;

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

    TaskProgressReport(Task task, ResultPublisher results, JobLog jobs, BooleanSupplier running) {
        this.task = task;
        this.results = results;
        this.jobs = jobs;
        this.running = running;
    }

    /** Tells the stage that the task is in hand, so that it notices if it goes silent. */
    void started() {
        results.publishSoon(task, TaskResult.newBuilder().setProgress(TaskProgress.getDefaultInstance()));
    }

    @Override
    public void finished(String carriedTaskId, TaskResult.Builder result) {
        results.publish(task.toBuilder().setTaskId(carriedTaskId).build(), result);
    }

    @Override
    public void advanced(String unit, long done, long total, long tokens) {
        if (jobs.hasEnded(task.getJobId())) {
            throw new Stopped("the job has ended", true);
        }
        if (!running.getAsBoolean()) {
            throw new Stopped("this worker is stopping", false);
        }
        long now = System.nanoTime();
        if (now - last < EVERY_NANOS) {
            return;
        }
        last = now;
        double seconds = (now - began) / 1e9;
        results.publishSoon(
                task,
                TaskResult.newBuilder()
                        .setProgress(TaskProgress.newBuilder()
                                .setUnit(unit)
                                .setDone(done)
                                .setTotal(total)
                                .setTokensPerSecond(tokens / seconds)));
    }
}
