package io.espalier.scorer.domain;

import io.espalier.model.importance.LayerEvidence;
import java.util.List;
import java.util.Optional;

/** One task for each layer: no layer's scores depend on another's. */
sealed interface LayersApart extends ScoringStrategy permits UnitLayers, MaskLayers {
    @Override
    default Optional<ScoreStep.Run> scoring(List<ScoreTask.ScoreLayer> layers, CollectedEvidence evidence) {
        return Optional.of(new ScoreStep.Run(ScoreStep.SCORING, List.copyOf(layers)));
    }

    /** Scores one layer. */
    LayerScore score(LayerEvidence evidence, LayerFiles files);
}
