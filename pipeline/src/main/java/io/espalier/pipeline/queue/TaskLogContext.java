package io.espalier.pipeline.queue;

import io.espalier.pipeline.telemetry.TaskLabels;
import io.espalier.v1.Task;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.MDC;

/** What this thread logs until it is closed is about a task: keys `job`, `task`, `layer` and `worker`. */
final class TaskLogContext implements AutoCloseable {
    private final Set<String> keys = new TreeSet<>();

    TaskLogContext(Task task, String workerName) {
        TaskLabels.of(task).forEach(this::put);
        put("worker", workerName);
    }

    private void put(String key, String value) {
        MDC.put(key, value);
        keys.add(key);
    }

    @Override
    public void close() {
        keys.forEach(MDC::remove);
    }
}
