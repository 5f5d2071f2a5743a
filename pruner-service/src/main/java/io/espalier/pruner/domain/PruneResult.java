package io.espalier.pruner.domain;

import io.espalier.model.artifact.StoredFile;
import java.util.List;

/** What came of a {@link PruneTask}. */
public sealed interface PruneResult {
    /** A result about one of the job's checkpoints. */
    sealed interface OfOutput extends PruneResult {
        /** Artifact folder of the checkpoint. */
        String output();
    }

    /**
     * @param components that can lose units
     * @param prices of all of them, as estimated
     */
    record Priced(List<Component> components, StoredFile prices) implements PruneResult {
        public Priced {
            components = List.copyOf(components);
        }
    }

    /** @param prices of one component */
    record Measured(StoredFile prices) implements PruneResult {}

    record Judged(ChosenShapes chosen) implements OfOutput {
        @Override
        public String output() {
            return chosen.output();
        }
    }

    record Staged(StagedArtifact staged) implements OfOutput {
        @Override
        public String output() {
            return staged.artifact().output();
        }
    }

    record Committed(PrunedArtifact artifact) implements OfOutput {
        @Override
        public String output() {
            return artifact.output();
        }
    }
}
