package io.espalier.pruner.domain;

/** What comes next in pruning a model. */
public sealed interface PruneStep {
    record Run(PruneTask.Prune task) implements PruneStep {}

    /** From here on the artifact stays, even if the job is cancelled. */
    record Commit(PruneTask.Commit task) implements PruneStep {}

    record Done(PrunedArtifact artifact) implements PruneStep {}
}
