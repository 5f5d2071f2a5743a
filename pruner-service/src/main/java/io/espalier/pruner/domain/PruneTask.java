package io.espalier.pruner.domain;

import io.espalier.model.artifact.StoredFile;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A piece of pruning that one worker does alone. */
public sealed interface PruneTask {
    /** Names the work within its job. */
    String id();

    /** A piece of the search for the shapes that cost least. */
    sealed interface Search extends PruneTask {}

    /**
     * Estimate what it costs to shrink each component alone.
     *
     * @param scores for each layer in scope, by its index, the file of its scores
     */
    record Price(SortedMap<Integer, StoredFile> scores) implements Search {
        public Price {
            scores = Collections.unmodifiableSortedMap(new TreeMap<>(scores));
        }

        @Override
        public String id() {
            return "price";
        }
    }

    /**
     * Run the model with the cuts of one component that the estimate leaves open.
     *
     * @param scores of the component's layer
     * @param prices of all components, as estimated
     */
    record Measure(Component component, StoredFile scores, StoredFile prices) implements Search {
        @Override
        public String id() {
            return "measure-" + component.name();
        }
    }

    /**
     * Find the cheapest shapes within one budget, and compare them with those of the uniform allocation.
     *
     * @param output artifact folder that the checkpoint will have
     * @param scores for each layer in scope, by its index, the file of its scores
     * @param prices of all components, as estimated
     * @param measured of one component each, in the order of the estimate; empty where the estimate is enough
     */
    record Judge(
            String id,
            String output,
            SortedMap<Integer, StoredFile> scores,
            StoredFile prices,
            List<StoredFile> measured)
            implements Search {
        public Judge {
            scores = Collections.unmodifiableSortedMap(new TreeMap<>(scores));
            measured = List.copyOf(measured);
        }
    }

    /**
     * Write one of the job's checkpoints into a staging area. Each layer is measured behind the layers already pruned,
     * so this cannot be split.
     *
     * @param output artifact folder that the checkpoint will have
     * @param scores for each layer in scope, by its index, the file of its scores or masks; empty where pruning chooses
     *     for itself
     * @param search what to leave of each layer; empty unless a search chose it
     */
    record Prune(String id, String output, SortedMap<Integer, StoredFile> scores, Optional<ChosenShapes> search)
            implements PruneTask {
        public Prune {
            scores = Collections.unmodifiableSortedMap(new TreeMap<>(scores));
        }
    }

    /** Make a staged artifact visible under its name. */
    record Commit(String id, StagedArtifact staged) implements PruneTask {}
}
