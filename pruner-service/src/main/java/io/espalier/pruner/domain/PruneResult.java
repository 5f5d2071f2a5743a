package io.espalier.pruner.domain;

/** What came of a {@link PruneTask}. */
public sealed interface PruneResult {
    record Staged(StagedArtifact staged) implements PruneResult {}

    record Committed(PrunedArtifact artifact) implements PruneResult {}
}
