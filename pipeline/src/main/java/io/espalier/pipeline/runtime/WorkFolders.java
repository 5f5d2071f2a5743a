package io.espalier.pipeline.runtime;

import io.espalier.model.checkpoint.ArtifactStore;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.job.JobView;
import io.espalier.pipeline.queue.Worker;
import io.espalier.v1.JobEvent;

/**
 * Deletes what a job left under `work/` when it ends. Reading the log from its beginning catches up after a crash; a
 * worker that was still writing when its job ended deletes again.
 */
public record WorkFolders(ArtifactStore artifacts) {
    void onEvent(JobEvent event) {
        if (JobView.isTerminal(event)) {
            artifacts.deleteWork(event.getJobId());
        }
    }

    Worker tidied(Worker worker, JobLog jobs) {
        return (task, report) -> {
            try {
                return worker.run(task, report);
            } finally {
                if (jobs.hasEnded(task.getJobId())) {
                    artifacts.deleteWork(task.getJobId());
                }
            }
        };
    }
}
