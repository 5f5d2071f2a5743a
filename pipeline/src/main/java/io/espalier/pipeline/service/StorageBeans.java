package io.espalier.pipeline.service;

import io.espalier.model.checkpoint.ArtifactStore;
import io.espalier.pipeline.request.Workspace;
import io.espalier.pipeline.runtime.WorkFolders;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** The folders of the configuration as the ports the domains use. */
@Singleton
public class StorageBeans {
    @Produces
    @Singleton
    ArtifactStore artifacts(EspalierConfig config) {
        return new ArtifactStore(config.artifactsRoot());
    }

    @Produces
    @Singleton
    Workspace workspace(EspalierConfig config, ArtifactStore artifacts) {
        return new Workspace(config.modelsRoot(), config.textsRoot(), artifacts);
    }

    @Produces
    @Singleton
    WorkFolders workFolders(ArtifactStore artifacts) {
        return new WorkFolders(artifacts);
    }
}
