package io.espalier.pipeline.telemetry;

import com.google.protobuf.Message;
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

    /** `job`, `task` and, where the work of the task has such a field, `layer`. */
    public static Map<String, String> of(Task task) {
        Map<String, String> labels = new TreeMap<>();
        labels.put("job", task.getJobId());
        labels.put("task", task.getTaskId());
        for (Object field : task.getAllFields().values()) {
            if (field instanceof Message work && work.getDescriptorForType().findFieldByName("layer") != null) {
                labels.put(
                        "layer",
                        String.valueOf(work.getField(work.getDescriptorForType().findFieldByName("layer"))));
            }
        }
        return labels;
    }
}
