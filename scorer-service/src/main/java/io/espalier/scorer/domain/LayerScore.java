package io.espalier.scorer.domain;

import io.espalier.model.importance.UnitScores;
import io.espalier.model.sparsity.MaskReport;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * The scores or masks of a layer, as they are published.
 *
 * @param sets score sets by name, the criterion's first, then those of its controls; empty when masks were chosen
 * @param masks one report for each masked linear layer; empty when units were scored
 * @param damping the ridge that the Hessians needed, as a multiple of the requested one; empty when no Hessian was used
 * @param result the reference to the file with the scores or masks
 */
public record LayerScore(
        Map<String, UnitScores> sets, List<MaskReport> masks, OptionalDouble damping, ScoreResult.LayerScored result) {
    public LayerScore {
        masks = List.copyOf(masks);
    }
}
