package io.espalier.cli.artifact;

import io.espalier.v1.EvaluationReport;
import java.time.Instant;
import java.util.Optional;

/**
 * A pruned checkpoint on the disk.
 *
 * @param output its folder, relative to the folder of all artifacts
 * @param model the dense model, as the request named it
 * @param written when its manifest was written, which is its last file
 * @param bytes size of all its files
 * @param evaluation its report; empty if there is none on the disk, because it was not evaluated or the report was removed
 */
public record StoredArtifact(
        String jobId,
        String output,
        String model,
        Instant written,
        long bytes,
        Optional<EvaluationReport> evaluation) {}
