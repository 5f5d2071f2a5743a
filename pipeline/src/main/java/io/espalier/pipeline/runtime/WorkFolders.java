package io.espalier.pipeline.runtime;

import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.job.JobView;
import io.espalier.pipeline.queue.TaskReport;
import io.espalier.pipeline.queue.Worker;
import io.espalier.v1.JobEvent;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.function.Consumer;

/**
 * Deletes what the workers of a job left for each other when the job ends. Reading the log from its beginning catches up
 * after a crash; a worker that was still writing when its job ended deletes again.
 *
 * @param delete deletes all files of a job, by its id; nothing happens when there are none
 */
public record WorkFolders(Consumer<String> delete) {
    void onEvent(JobEvent event) {
        if (JobView.isTerminal(event)) {
            delete.accept(event.getJobId());
        }
    }

    /** The same worker, tidying up after itself. */
    Worker tidied(Worker worker, JobLog jobs) {
        return new Worker() {
            @Override
            public TaskResult.Builder run(Task task, TaskReport report) {
                try {
                    return worker.run(task, report);
                } finally {
                    if (jobs.hasEnded(task.getJobId())) {
                        delete.accept(task.getJobId());
                    }
                }
            }

            @Override
            public String device() {
                return worker.device();
            }
        };
    }
}
