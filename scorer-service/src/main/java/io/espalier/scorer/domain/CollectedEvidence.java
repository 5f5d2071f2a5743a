package io.espalier.scorer.domain;

import io.espalier.model.artifact.StoredFile;
import io.espalier.model.importance.DrawLosses;
import java.util.ArrayList;
import java.util.List;

/**
 * The results of an {@link EvidenceCollection}.
 *
 * @param statistics files of all statistics tasks in the order of the plan; floating-point rounding makes their sum depend on it
 * @param losses the losses of all zeroth-order draws, in draw order
 */
record CollectedEvidence(List<StoredFile> statistics, List<DrawLosses> losses) {
    CollectedEvidence {
        statistics = List.copyOf(statistics);
        losses = List.copyOf(losses);
    }

    /** @param results the results of a wave in task order; results of other kinds of tasks are ignored */
    static CollectedEvidence of(List<ScoreResult> results) {
        List<StoredFile> statistics = new ArrayList<>();
        List<DrawLosses> losses = new ArrayList<>();
        for (ScoreResult result : results) {
            if (result instanceof ScoreResult.StatisticsCollected file) {
                statistics.add(file.file());
            } else if (result instanceof ScoreResult.LossesCollected pairs) {
                losses.addAll(pairs.losses());
            }
        }
        return new CollectedEvidence(statistics, losses);
    }
}
