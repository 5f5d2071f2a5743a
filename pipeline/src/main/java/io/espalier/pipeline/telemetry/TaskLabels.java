package io.espalier.pipeline.telemetry;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Message;
import io.espalier.v1.Task;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What logs, traces and metrics call a task. */
public final class TaskLabels {
    private static final OneofDescriptor WORK = Task.getDescriptor().getOneofs().get(0);

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
        FieldDescriptor kind = task.getOneofFieldDescriptor(WORK);
        if (kind != null) {
            Message work = (Message) task.getField(kind);
            FieldDescriptor layer = kind.getMessageType().findFieldByName("layer");
            if (layer != null) {
                labels.put("layer", String.valueOf(work.getField(layer)));
            }
        }
        return labels;
    }
}
