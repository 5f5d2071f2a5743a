package io.espalier.pruner.domain;

import io.espalier.model.artifact.StoredFile;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Write every checkpoint of a job into a staging area of its own, then commit them all.
 *
 * @param outputs artifact folder of each checkpoint that the job makes, in the order of the request
 * @param scores for each layer in scope, by its index, the file of its scores or masks; empty where pruning chooses for
 *     itself
 */
public record PrunePlan(List<String> outputs, SortedMap<Integer, StoredFile> scores) {
    public PrunePlan {
        outputs = List.copyOf(outputs);
        scores = Collections.unmodifiableSortedMap(new TreeMap<>(scores));
    }

    /** @param waves results of the complete waves */
    public PruneStep next(List<List<PruneResult>> waves) {
        if (waves.isEmpty()) {
            return new PruneStep.Run(outputs.stream()
                    .map(output -> new PruneTask.Prune(id("prune", output), output, scores))
                    .toList());
        }
        List<PruneResult> last = waves.get(waves.size() - 1);
        if (waves.size() == 1) {
            return new PruneStep.Commit(outputs.stream()
                    .map(output -> new PruneTask.Commit(
                            id("commit", output), ((PruneResult.Staged) about(output, last)).staged()))
                    .toList());
        }
        return new PruneStep.Done(outputs.stream()
                .map(output -> ((PruneResult.Committed) about(output, last)).artifact())
                .toList());
    }

    private static PruneResult about(String output, List<PruneResult> results) {
        return results.stream()
                .filter(result -> result.artifact().output().equals(output))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no result about the artifact " + output));
    }

    /** The first checkpoint's tasks bear the plain name, the others' a number from 2. */
    private String id(String work, String output) {
        int place = outputs.indexOf(output) + 1;
        return place == 1 ? work : work + "-" + place;
    }
}
