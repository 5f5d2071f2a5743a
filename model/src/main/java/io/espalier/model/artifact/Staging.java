package io.espalier.model.artifact;

import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * An artifact that is being put together. Nobody sees it under its name until {@link ArtifactStore#commit} is called.
 */
public interface Staging {
    /** Names this staging area for a later commit. */
    String name();

    /**
     * Begins the weights; {@link CheckpointWriter#finish()} ends them.
     *
     * @param tensors all that will be written
     * @throws EspalierException {@code DISK_FULL} when they will not fit
     */
    CheckpointWriter checkpoint(List<TensorInfo> tensors);

    /**
     * Writes a file beside the weights.
     *
     * @throws EspalierException {@code DISK_FULL}
     */
    void write(String file, byte[] bytes);

    /**
     * Opens the checkpoint that was written here; the caller closes it. Its weights, config and companions must be complete.
     */
    Checkpoint open();

    /** Where a file beside the weights belongs that is too large to be written from memory. */
    Path path(String file);

    /**
     * SHA-256 of every file written so far, by its name.
     *
     * @param known digests that need not be computed again, such as those of {@link CheckpointWriter#finish()}
     */
    SortedMap<String, String> files(Map<String, String> known);

    /**
     * Ends the staging: nothing is written after the manifest.
     *
     * @return SHA-256 of the manifest
     */
    String finish(Manifest manifest);
}
