package io.espalier.cli.artifact;

import java.time.Instant;

/**
 * A folder of the artifact store that may be deleted one day.
 *
 * @param name relative to the folder of all artifacts
 * @param jobId the job that wrote it; empty where nothing in it says so
 * @param written when its newest file was written
 * @param bytes size of all its files
 */
public record StoredFolder(Kind kind, String name, String jobId, Instant written, long bytes) {
    /** What a folder holds. */
    public enum Kind {
        /** A checkpoint with its manifest. */
        ARTIFACT,
        /** Measurements of a job. */
        REPORTS,
        /** What the workers of a job hand each other. */
        WORK,
        /** What was measured of a dense model, for later jobs. */
        MEASURED,
        /** What an earlier deletion left when it was interrupted. */
        DELETED
    }
}
