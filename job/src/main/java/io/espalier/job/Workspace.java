package io.espalier.job;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.artifact.Root;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Opens what requests name: models, texts and artifacts. Nothing outside their three roots is opened. */
public final class Workspace {
    private final Path modelsRoot;
    private final Root texts;
    private final ArtifactStore artifacts;

    public Workspace(Path modelsRoot, Path textsRoot, ArtifactStore artifacts) {
        this.modelsRoot = modelsRoot;
        this.texts = new Root(textsRoot);
        this.artifacts = artifacts;
    }

    public ArtifactStore artifacts() {
        return artifacts;
    }

    /**
     * Does the work of a task on the files that were inspected. Whatever the work says counts only if they are the same
     * from its begin to its end.
     *
     * @throws EspalierException {@code INPUT_CHANGED} when a file is not the inspected one, or changes during the work
     */
    public <T> T read(JobSpec spec, Inspection inspection, Function<Inputs, T> work) {
        return open(spec, inspection, work);
    }

    /**
     * Inspects the files of a job.
     *
     * @throws EspalierException {@code INPUT_CHANGED} when one changes meanwhile
     */
    public <T> T inspect(JobSpec spec, Function<Inputs, T> work) {
        return open(spec, null, work);
    }

    private <T> T open(JobSpec spec, @Nullable Inspection inspection, Function<Inputs, T> work) {
        try (Inputs inputs = new Inputs(spec, modelsRoot, texts, inspection)) {
            T result = resultOrChange(inputs, work);
            inputs.requireUnchanged();
            return result;
        }
    }

    /** A failure of the work may be what a change led to, such as a tensor that was cut. */
    private static <T> T resultOrChange(Inputs inputs, Function<Inputs, T> work) {
        try {
            return work.apply(inputs);
        } catch (EspalierException e) {
            if (e.code() != ErrorCode.CANCELLED) {
                try {
                    inputs.requireUnchanged();
                } catch (EspalierException changed) {
                    changed.addSuppressed(e);
                    throw changed;
                }
            }
            throw e;
        }
    }
}
