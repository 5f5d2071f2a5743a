package io.espalier.job.service;

import io.espalier.job.Workspace;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.artifact.FolderArtifactStore;
import io.espalier.pipeline.runtime.WorkFolders;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes the storage ports of the domains from the configured folders. */
@Singleton
public class StorageBeans {
    @Produces
    @Singleton
    ArtifactStore artifacts(JobConfig config) {
        return new FolderArtifactStore(config.artifactsRoot());
    }

    @Produces
    @Singleton
    Workspace workspace(JobConfig config, ArtifactStore artifacts) {
        return new Workspace(config.modelsRoot(), config.textsRoot(), artifacts);
    }

    @Produces
    @Singleton
    WorkFolders workFolders(ArtifactStore artifacts) {
        return new WorkFolders(artifacts::deleteWork);
    }
}
