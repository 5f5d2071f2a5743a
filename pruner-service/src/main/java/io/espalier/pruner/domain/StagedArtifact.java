package io.espalier.pruner.domain;

/**
 * A complete artifact that is not yet visible.
 *
 * @param staging folder relative to the artifact root
 */
public record StagedArtifact(String staging, PrunedArtifact artifact) {}
