package io.espalier.pipeline.service;

import io.espalier.model.checkpoint.ArtifactStore;
import io.espalier.pipeline.job.JobView;
import io.espalier.v1.JobEvent;
import jakarta.inject.Singleton;

/** Deletes what a job left under `work/` when it ends; reading the log from its beginning catches up after a crash. */
@Singleton
public class WorkFolders {
    private final ArtifactStore artifacts;

    public WorkFolders(ArtifactStore artifacts) {
        this.artifacts = artifacts;
    }

    void onEvent(JobEvent event) {
        if (JobView.isTerminal(event)) {
            artifacts.deleteWork(event.getJobId());
        }
    }
}
