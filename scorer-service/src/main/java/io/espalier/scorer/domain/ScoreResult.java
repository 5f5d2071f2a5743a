package io.espalier.scorer.domain;

import io.espalier.job.Inspection;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.importance.DrawLosses;
import java.util.List;

/** What came of a {@link ScoreTask}: scalars, and references to what is larger. */
public sealed interface ScoreResult {
    record Inspected(Inspection inspection) implements ScoreResult {}

    record StatisticsCollected(StoredFile file) implements ScoreResult {}

    record LossesCollected(List<DrawLosses> losses) implements ScoreResult {
        public LossesCollected {
            losses = List.copyOf(losses);
        }
    }

    /** The scores themselves have been published and lie in the file. */
    record LayerScored(int layer, StoredFile file, List<ControlRanks> controls) implements ScoreResult {
        public LayerScored {
            controls = List.copyOf(controls);
        }
    }

    /** The layers' results came before. */
    record Chained() implements ScoreResult {}

    /**
     * Spearman rank correlation of a control with the criterion within a layer.
     *
     * @param control name of the control's score set
     */
    record ControlRanks(String control, int layer, double attention, double ffn) {}
}
