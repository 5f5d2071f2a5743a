package io.espalier.scorer.domain;

import io.espalier.job.JobSpec;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.LayerScores;
import java.util.List;
import java.util.stream.Stream;

/**
 * What scores the units of a layer.
 *
 * @param criterion decides what is removed
 * @param controls are scored beside it, to show what its terms are worth; empty where the job wants none
 */
record UnitCriteria(Criterion criterion, List<Criterion> controls) {
    UnitCriteria {
        controls = List.copyOf(controls);
    }

    /** @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} naming an unknown criterion or form */
    static UnitCriteria of(JobSpec.Scoring scoring) {
        Criterion criterion = Criterion.named(scoring.criterion(), scoring.options());
        return new UnitCriteria(
                criterion, scoring.controls() == JobSpec.Controls.OFF ? List.of() : criterion.controls());
    }

    /** The criterion's scores, then those of its controls. */
    LayerScores scores(LayerEvidence evidence) {
        return LayerScorer.scores(
                Stream.concat(Stream.of(criterion), controls.stream()).toList(), evidence);
    }

    /** Whether matrices of a gradient estimate are rebuilt: from draws, or from the noise that a control puts in their place. */
    boolean rebuildsGradients(EvidenceCollection collection) {
        return collection.draws().isPresent() || !controls.isEmpty();
    }
}
