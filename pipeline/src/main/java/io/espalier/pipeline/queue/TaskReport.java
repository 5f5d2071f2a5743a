package io.espalier.pipeline.queue;

import io.espalier.base.Progress;
import io.espalier.v1.TaskResult;

/** How a worker tells of a task while it is at it. */
public interface TaskReport extends Progress {
    /**
     * Publishes the outcome of a task that this one carries; returns when the broker has it, so the position behind it
     * may be saved.
     */
    void finished(String carriedTaskId, TaskResult.Builder result);
}
