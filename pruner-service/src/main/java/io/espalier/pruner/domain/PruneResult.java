package io.espalier.pruner.domain;

/** What came of a {@link PruneTask}. */
public sealed interface PruneResult {
    /** The artifact that the result is about. */
    PrunedArtifact artifact();

    record Staged(StagedArtifact staged) implements PruneResult {
        @Override
        public PrunedArtifact artifact() {
            return staged.artifact();
        }
    }

    record Committed(PrunedArtifact artifact) implements PruneResult {}
}
