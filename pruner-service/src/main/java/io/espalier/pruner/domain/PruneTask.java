package io.espalier.pruner.domain;

import io.espalier.model.artifact.StoredFile;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** A piece of pruning that one worker does alone. */
public sealed interface PruneTask {
    /** Names the work within its job. */
    String id();

    /**
     * Write one of the job's checkpoints into a staging area. Each layer is measured behind the layers already pruned,
     * so this cannot be split.
     *
     * @param output artifact folder that the checkpoint will have
     * @param scores for each layer in scope, by its index, the file of its scores or masks; empty where pruning chooses
     *     for itself
     */
    record Prune(String id, String output, SortedMap<Integer, StoredFile> scores) implements PruneTask {
        public Prune {
            scores = Collections.unmodifiableSortedMap(new TreeMap<>(scores));
        }
    }

    /** Make a staged artifact visible under its name. */
    record Commit(String id, StagedArtifact staged) implements PruneTask {}
}
