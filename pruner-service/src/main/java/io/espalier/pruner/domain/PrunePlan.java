package io.espalier.pruner.domain;

import io.espalier.model.checkpoint.StoredFile;
import java.util.List;

/** Prune into a staging folder, then commit. */
public record PrunePlan(List<StoredFile> scores) {
    public PrunePlan {
        scores = List.copyOf(scores);
    }

    /** @param results of the tasks done so far, in order */
    public PruneStep next(List<PruneResult> results) {
        if (results.isEmpty()) {
            return new PruneStep.Run(new PruneTask.Prune(scores));
        }
        PruneResult last = results.get(results.size() - 1);
        if (last instanceof PruneResult.Staged staged) {
            return new PruneStep.Commit(new PruneTask.Commit(staged.staged()));
        }
        return new PruneStep.Done(((PruneResult.Committed) last).artifact());
    }
}
