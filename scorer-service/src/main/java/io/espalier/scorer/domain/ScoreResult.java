package io.espalier.scorer.domain;

import io.espalier.job.Inspection;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.importance.DrawLosses;
import java.util.List;

/** The result of a {@link ScoreTask}. It contains scalars, and references to the files with larger data. */
public sealed interface ScoreResult {
    record Inspected(Inspection inspection) implements ScoreResult {}

    record StatisticsCollected(StoredFile file) implements ScoreResult {}

    record LossesCollected(List<DrawLosses> losses) implements ScoreResult {
        public LossesCollected {
            losses = List.copyOf(losses);
        }
    }

    /** A layer is scored. Its scores have been published and are stored in the file. */
    record LayerScored(int layer, StoredFile file, List<ControlRanks> controls) implements ScoreResult {
        public LayerScored {
            controls = List.copyOf(controls);
        }
    }

    /** A chain or reuse task has ended. It has reported the result of each layer before. */
    record Chained() implements ScoreResult {}

    /**
     * The Spearman rank correlations of a control with the criterion within a layer.
     *
     * @param control name of the control's score set
     * @param attention correlation over the attention units, in -1..1
     * @param ffn correlation over the FFN channels, in -1..1
     */
    record ControlRanks(String control, int layer, double attention, double ffn) {}
}
