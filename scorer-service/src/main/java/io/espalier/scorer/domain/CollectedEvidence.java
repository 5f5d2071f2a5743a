package io.espalier.scorer.domain;

import io.espalier.model.artifact.StoredFile;
import io.espalier.model.importance.DrawLosses;
import java.util.ArrayList;
import java.util.List;

/**
 * What an {@link EvidenceCollection} found.
 *
 * @param statistics files of all statistics tasks; their order, the plan's, decides the last bits of the sum
 * @param losses of all draws, in draw order
 */
record CollectedEvidence(List<StoredFile> statistics, List<DrawLosses> losses) {
    CollectedEvidence {
        statistics = List.copyOf(statistics);
        losses = List.copyOf(losses);
    }

    /** @param results of a wave, in task order; those of other kinds of tasks are passed over */
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
