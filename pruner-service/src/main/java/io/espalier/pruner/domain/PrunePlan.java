package io.espalier.pruner.domain;

import io.espalier.model.artifact.StoredFile;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Prune into staging folders, one a budget, then commit them all.
 *
 * @param budgets how many checkpoints the job makes
 */
public record PrunePlan(int budgets, List<StoredFile> scores) {
    public PrunePlan {
        scores = List.copyOf(scores);
    }

    /** @param waves results of the complete waves, each in task order */
    public PruneStep next(List<List<PruneResult>> waves) {
        if (waves.isEmpty()) {
            return new PruneStep.Run(IntStream.range(0, budgets)
                    .mapToObj(budget -> new PruneTask.Prune(budget, scores))
                    .toList());
        }
        List<PruneResult> last = waves.get(waves.size() - 1);
        if (waves.size() == 1) {
            return new PruneStep.Commit(IntStream.range(0, budgets)
                    .mapToObj(budget -> new PruneTask.Commit(budget, ((PruneResult.Staged) last.get(budget)).staged()))
                    .toList());
        }
        return new PruneStep.Done(last.stream()
                .map(result -> ((PruneResult.Committed) result).artifact())
                .toList());
    }
}
