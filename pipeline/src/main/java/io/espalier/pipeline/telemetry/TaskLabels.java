package io.espalier.pipeline.telemetry;

import io.espalier.v1.Task;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What logs, traces and metrics call a task. */
public final class TaskLabels {
    private TaskLabels() {}

    /** Kind of the task: "score-layer". */
    public static String work(Task task) {
        return task.getWorkCase().name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** `job`, `task` and, where the task is about one, `layer`. */
    public static Map<String, String> of(Task task) {
        Map<String, String> labels = new TreeMap<>();
        labels.put("job", task.getJobId());
        labels.put("task", task.getTaskId());
        if (task.hasScoreLayer()) {
            labels.put("layer", Integer.toString(task.getScoreLayer().getLayer()));
        }
        return labels;
    }
}
