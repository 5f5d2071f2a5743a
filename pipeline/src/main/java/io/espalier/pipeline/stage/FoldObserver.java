package io.espalier.pipeline.stage;

import io.espalier.pipeline.telemetry.JobOutcome;
import io.espalier.pipeline.telemetry.StageMeters;
import io.espalier.v1.JobEvent;
import io.espalier.v1.StageJob;
import io.espalier.v1.StageJob.Phase;
import io.espalier.v1.Wave;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts what one partition of a stage's fold decides. */
final class FoldObserver {
    private final StageMeters meters;
    private final String partition;
    private final Map<String, Integer> waiting = new HashMap<>();

    FoldObserver(StageMeters meters, String partition) {
        this.meters = meters;
        this.partition = partition;
    }

    /**
     * A job as it is remembered now, after a decision or when the partition was taken over.
     *
     * @param jobsWaiting jobs of the partition whose turn has not come
     */
    void remembered(String jobId, @Nullable StageJob state, int jobsWaiting) {
        meters.jobsWaiting(partition, jobsWaiting);
        int tasks = state == null ? 0 : waitingTasks(state);
        if (tasks == 0) {
            waiting.remove(jobId);
        } else {
            waiting.put(jobId, tasks);
        }
        meters.tasksWaiting(
                partition, waiting.values().stream().mapToInt(Integer::intValue).sum());
    }

    /**
     * @param state of the job after what was said
     * @param now milliseconds since the epoch
     */
    void said(Output output, @Nullable StageJob state, long now) {
        if (output instanceof Output.DeadLetter letter) {
            meters.failed(letter.code());
        } else if (output instanceof Output.Event said) {
            said(said.event(), state, now);
        }
    }

    private void said(JobEvent event, @Nullable StageJob state, long now) {
        if (state != null && (event.hasStageFinished() || event.hasCompleted())) {
            meters.stageEnded(Duration.ofMillis(now - state.getStartedAt()));
        }
        if (event.hasCompleted()) {
            meters.jobEnded(JobOutcome.COMPLETED);
        } else if (event.hasFailed()) {
            meters.jobEnded(JobOutcome.FAILED);
            meters.failed(event.getFailed().getCode());
        } else if (event.hasCancelled()) {
            meters.jobEnded(JobOutcome.CANCELLED);
        }
    }

    /** Another replica takes the partition over. */
    void close() {
        meters.tasksWaiting(partition, 0);
        meters.jobsWaiting(partition, 0);
    }

    /** Tasks that no worker has reported on: issued, or held back because enough of the job are under way. */
    private static int waitingTasks(StageJob state) {
        if (state.getPhase() != Phase.ACTIVE) {
            return 0;
        }
        Wave wave = state.getWaves(state.getWavesCount() - 1);
        return (int) wave.getTasksList().stream()
                .filter(task -> !task.getCarried() && !task.hasResult() && task.getLastSeen() == 0)
                .count();
    }
}
