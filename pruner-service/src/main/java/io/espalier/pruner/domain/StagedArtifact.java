package io.espalier.pruner.domain;

/**
 * A complete artifact that is not yet visible.
 *
 * @param staging name of its staging area in the artifact store
 */
public record StagedArtifact(String staging, PrunedArtifact artifact) {}
