package io.espalier.cli.view;

import com.google.protobuf.util.Timestamps;
import io.espalier.v1.JobEvent;
import io.espalier.v1.StageProgress;
import io.espalier.v1.TaskProgress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Folds the events of one job into one meter.
 *
 * <p>The tasks of an activity run at the same time and report their progress separately. The meter counts all of them as equally
 * large, so that it also advances while a task runs and not only when one ends.
 */
public final class ProgressFold {
    private String stage = "";
    private String activity = "";
    private long startedAt;
    private long unitsPerTask;
    private String unit = "tasks";
    private final Map<String, TaskProgress> open = new HashMap<>();

    /** @return the progress of the job's current activity after the event; empty if it is not a progress event */
    public Optional<Meter> after(JobEvent event) {
        if (!event.hasProgress()) {
            return Optional.empty();
        }
        StageProgress progress = event.getProgress();
        long at = Timestamps.toMillis(event.getAt());
        if (!event.getStage().equals(stage) || !progress.getActivity().equals(activity)) {
            begin(event.getStage(), progress.getActivity(), at);
        }
        if (progress.hasTask()) {
            open.put(progress.getTaskId(), progress.getTask());
            unitsPerTask = Math.max(unitsPerTask, progress.getTask().getTotal());
            // A task that has only just started reports no unit yet.
            if (progress.getTask().getTotal() > 0) {
                unit = progress.getTask().getUnit();
            }
        } else {
            open.remove(progress.getTaskId());
        }
        return Optional.of(meter(progress, at));
    }

    private void begin(String newStage, String newActivity, long at) {
        stage = newStage;
        activity = newActivity;
        startedAt = at;
        unitsPerTask = 0;
        unit = "tasks";
        open.clear();
    }

    private Meter meter(StageProgress progress, long at) {
        long perTask = Math.max(1, unitsPerTask);
        long inOpenTasks = unitsPerTask == 0
                ? 0
                : open.values().stream().mapToLong(TaskProgress::getDone).sum();
        long total = progress.getTasksTotal() * perTask;
        long done = Math.min(total, progress.getTasksDone() * perTask + inOpenTasks);
        double speed = open.values().stream()
                .mapToDouble(TaskProgress::getTokensPerSecond)
                .sum();
        return new Meter(stage, activity, unit, done, total, speed, Duration.ofMillis(at - startedAt));
    }
}
