package io.espalier.scorer.domain;

import io.espalier.model.importance.LayerEvidence;
import java.util.List;
import java.util.Optional;

/** A strategy with one task for each layer, because no layer's scores depend on another layer. */
sealed interface LayersApart extends ScoringStrategy permits UnitLayers, MaskLayers {
    @Override
    default Optional<ScoreStep.Run> scoring(List<ScoreTask.ScoreLayer> layers, CollectedEvidence evidence) {
        return Optional.of(new ScoreStep.Run(ScoreStep.SCORING, List.copyOf(layers)));
    }

    /** Scores one layer. */
    LayerScore score(LayerEvidence evidence, LayerFiles files);
}
