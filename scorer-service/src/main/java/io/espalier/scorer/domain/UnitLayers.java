package io.espalier.scorer.domain;

import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import java.util.List;

/** A strategy that scores units or whole layers from weights, input statistics and zeroth-order draws. */
record UnitLayers(UnitCriteria criteria, EvidenceCollection collection) implements LayersApart {
    @Override
    public List<Need> needs(CalibrationFootprint job) {
        return criteria.rebuildsGradients(collection)
                ? List.of(new Need(
                        "scoring one layer by estimated gradients", LayerScorer.estimateBytes(job.footprint())))
                : List.of();
    }

    @Override
    public LayerScore score(LayerEvidence evidence, LayerFiles files) {
        return files.scored(evidence.layout().index(), criteria.criterion().name(), criteria.scores(evidence));
    }
}
