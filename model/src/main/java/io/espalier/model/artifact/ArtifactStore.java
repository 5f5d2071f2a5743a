package io.espalier.model.artifact;

import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where all workers of a cluster keep what jobs write: finished artifacts, what the workers of a job hand each other,
 * and measurements. An artifact is staged file by file and becomes visible in one atomic step, its manifest the last
 * file written.
 */
public interface ArtifactStore {
    /**
     * Checks that a job may create an artifact, before anything is computed for it.
     *
     * @param field of the request that gives the name, for messages
     * @param output one or more segments of {@code [A-Za-z0-9._-]}, none beginning with a dot, joined by slashes
     * @throws EspalierException {@code MODEL_URI_FORBIDDEN} for any other name or a link that leads outside;
     *     {@code INVALID_ARGUMENT} for a reserved name; {@code ALREADY_EXISTS} inside another artifact, or when the
     *     name is taken by anything but this job's own artifact
     */
    void requireFree(String field, String output, String jobId);

    /**
     * The manifest of a finished artifact; empty when there is none of that name.
     *
     * @param field of the request that gives the name, for messages
     * @throws EspalierException for a name as {@link #requireFree}; {@code MODEL_CORRUPT}
     */
    Optional<Manifest> manifest(String field, String output);

    /**
     * Opens the checkpoint of a finished artifact; the caller closes it.
     *
     * @throws EspalierException for a name as {@link #requireFree}; {@code MODEL_NOT_FOUND}; {@code MODEL_CORRUPT}
     */
    Checkpoint open(String output);

    /**
     * Reads a file of a finished artifact, whose bytes the manifest vouches for.
     *
     * @throws EspalierException {@code MODEL_NOT_FOUND} when there is no such artifact or file; otherwise as
     *     {@link #read(StoredFile)}
     */
    byte[] read(String output, String file);

    /** Begins an artifact of a job, in a staging area that no other call shares. */
    Staging stage(String jobId);

    /**
     * What a job staged and has not committed.
     *
     * @param staging {@link Staging#name()}, on whatever worker it was staged
     * @throws EspalierException {@code MODEL_URI_FORBIDDEN} for what lies outside the work folder of the job; {@code
     *     MODEL_NOT_FOUND} when the staging has no manifest; {@code INTERNAL} when its manifest names another job
     */
    Staged staged(String staging, String jobId);

    /**
     * Makes a staged artifact visible under its name, all at once. Doing so again for the same job changes nothing.
     *
     * @param staging {@link Staging#name()}, on whatever worker it was staged
     * @return SHA-256 of the manifest that is now visible under the name: that of an earlier staging of the same job
     *     where one was committed before
     * @throws EspalierException {@code ALREADY_EXISTS} when another artifact has the name; {@code MODEL_NOT_FOUND} when
     *     the staging has no manifest; {@code INTERNAL} when its manifest names another job
     */
    String commit(String staging, String output, String jobId);

    /**
     * Writes a file that the workers of a job hand each other. It is there completely or not at all; writing the same
     * bytes again changes nothing.
     *
     * @throws EspalierException {@code ALREADY_EXISTS} when other bytes are there, {@code DISK_FULL}
     */
    StoredFile writeWork(String jobId, String name, byte[] bytes);

    /**
     * Reads a write-once file, whose bytes are as they were written.
     *
     * @throws EspalierException {@code MODEL_NOT_FOUND}, {@code MODEL_CORRUPT}, or {@code MODEL_URI_FORBIDDEN} for a
     *     file outside the store
     */
    byte[] read(StoredFile file);

    /**
     * A local folder in which one pass of a job saves its position. A successor on another worker finds there what the
     * pass saved.
     *
     * @param task that runs the pass; no two of a job share a folder
     */
    Path localPositionFolder(String jobId, String task);

    /** Deletes everything that the workers of a job handed each other. Nothing happens when it is gone. */
    void deleteWork(String jobId);

    /** Bytes of all files in the store, those of running jobs included. */
    long bytes();

    /**
     * What any job measured of a model, to be taken by a later one that measures the same.
     *
     * @param model lower-case hexadecimal digest of it
     * @param key lower-case hexadecimal digest of all that the measurement depends on
     * @return the bytes as they were written; empty where there are none, or not these any more
     */
    Optional<byte[]> measured(String model, String key);

    /**
     * Leaves it; the parameters as in {@link #measured}.
     *
     * @throws EspalierException {@code DISK_FULL}
     */
    void leaveMeasured(String model, String key, byte[] bytes);

    /**
     * Writes or replaces a file among a job's measurements.
     *
     * @return where it lies, relative to the store
     */
    String writeReport(String jobId, String name, String text);
}
