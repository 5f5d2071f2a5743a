package io.espalier.model.artifact;

import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;

/** A complete artifact that has not been committed. */
public interface Staged {
    Manifest manifest();

    /** Opens the checkpoint; the caller closes it. */
    Checkpoint open();

    /**
     * Reads a file whose bytes the manifest vouches for.
     *
     * @throws EspalierException {@code MODEL_NOT_FOUND} when there is no such file, {@code MODEL_CORRUPT} when it changed
     */
    byte[] read(String file);
}
