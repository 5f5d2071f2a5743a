package io.espalier.pruner.domain;

import io.espalier.model.artifact.StoredFile;
import java.util.List;

/** A piece of pruning that one worker does alone. */
public sealed interface PruneTask {
    /** Names the work within its job. */
    String id();

    /**
     * Remove, repair and write the whole checkpoint into a staging folder: each layer is measured behind the layers
     * already pruned, so this cannot be split.
     *
     * @param budget which of the job's budgets, from 0
     * @param scores one file per pruned layer, in layer order; none where pruning chooses for itself
     */
    record Prune(int budget, List<StoredFile> scores) implements PruneTask {
        public Prune {
            scores = List.copyOf(scores);
        }

        @Override
        public String id() {
            return named("prune", budget);
        }
    }

    /** Make a staged artifact visible under its name. */
    record Commit(int budget, StagedArtifact staged) implements PruneTask {
        @Override
        public String id() {
            return named("commit", budget);
        }
    }

    private static String named(String work, int budget) {
        return budget == 0 ? work : work + "-" + (budget + 1);
    }
}
