package io.espalier.scorer.domain;

import io.espalier.model.importance.UnitScores;
import io.espalier.model.sparsity.MaskReport;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What came of scoring a layer, for those who listen.
 *
 * @param sets of the criterion first, then of its controls; empty where masks were chosen
 * @param masks of each linear layer; empty where units were scored
 * @param damping ridge the Hessians needed over the one asked for; empty where there were none
 */
public record LayerScore(
        Map<String, UnitScores> sets, List<MaskReport> masks, OptionalDouble damping, ScoreResult.LayerScored result) {
    public LayerScore {
        masks = List.copyOf(masks);
    }
}
