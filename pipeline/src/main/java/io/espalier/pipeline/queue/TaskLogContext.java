package io.espalier.pipeline.queue;

import io.espalier.pipeline.telemetry.TaskLabels;
import io.espalier.v1.Task;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.MDC;

/** Adds `job`, `task`, `layer` and `worker` to every log line that a thread writes while it works on a task. */
final class TaskLogContext {
    private TaskLogContext() {}

    static <T> T about(Task task, String workerName, Supplier<T> work) {
        Map<String, String> keys = new TreeMap<>(TaskLabels.of(task));
        keys.put("worker", workerName);
        keys.forEach(MDC::put);
        try {
            return work.get();
        } finally {
            keys.keySet().forEach(MDC::remove);
        }
    }
}
