package io.espalier.pruner.domain;

import java.util.List;

/** What comes next in pruning a model. */
public sealed interface PruneStep {
    /**
     * A wave of tasks that may run at the same time.
     *
     * @param activity what the tasks do, in progress displays
     */
    record Run(String activity, List<PruneTask> tasks) implements PruneStep {
        public Run {
            tasks = List.copyOf(tasks);
        }
    }

    /** From here on the artifacts stay, even if the job is cancelled. */
    record Commit(List<PruneTask.Commit> tasks) implements PruneStep {
        public Commit {
            tasks = List.copyOf(tasks);
        }
    }

    /**
     * What is staged is committed by a later stage, which recovers it first.
     *
     * @param artifacts one per budget, in the order of the request
     */
    record Staged(List<StagedArtifact> artifacts) implements PruneStep {
        public Staged {
            artifacts = List.copyOf(artifacts);
        }
    }

    /** @param artifacts one per budget, in the order of the request */
    record Done(List<PrunedArtifact> artifacts) implements PruneStep {
        public Done {
            artifacts = List.copyOf(artifacts);
        }
    }
}
