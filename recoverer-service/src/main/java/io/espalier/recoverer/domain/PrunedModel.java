package io.espalier.recoverer.domain;

/**
 * A pruned checkpoint that a job recovers.
 *
 * @param manifestSha256 digest of its manifest
 * @param layers number of its decoder layers
 */
public record PrunedModel(StagedCheckpoint checkpoint, String manifestSha256, int layers) {}
