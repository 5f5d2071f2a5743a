package io.espalier.pipeline.queue;

import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;

/** Does the tasks of a stage. Idempotent: a task may be run again after its worker died, with the same outcome. */
@FunctionalInterface
public interface Worker {
    /**
     * @return the outcome; ids are filled in by the queue
     * @throws io.espalier.base.EspalierException when the job cannot succeed: it ends as FAILED with this code
     */
    TaskResult.Builder run(Task task, TaskReport report);

    /** What it computes on, for people: "cpu", "gpu"; empty until it has computed anything. */
    default String device() {
        return "";
    }
}
