package io.espalier.scorer.domain;

import io.espalier.job.JobSpec;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.LayerScores;
import java.util.List;
import java.util.stream.Stream;

/**
 * The criteria that score the units of a layer.
 *
 * @param criterion the criterion that decides what is removed
 * @param controls criteria whose scores are published too, to show what each term of {@code criterion} contributes; empty when
 *     the request turns controls off or the criterion has none
 */
record UnitCriteria(Criterion criterion, List<Criterion> controls) {
    UnitCriteria {
        controls = List.copyOf(controls);
    }

    /** @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} naming an unknown criterion or form */
    static UnitCriteria of(JobSpec spec) {
        Criterion criterion = spec.criterion();
        return new UnitCriteria(
                criterion, spec.scoring().controls() == JobSpec.Controls.OFF ? List.of() : criterion.controls());
    }

    /** The criterion's scores, then those of its controls. */
    LayerScores scores(LayerEvidence evidence) {
        return LayerScorer.scores(
                Stream.concat(Stream.of(criterion), controls.stream()).toList(), evidence);
    }

    /**
     * Whether scoring rebuilds matrices of a gradient estimate. It rebuilds them from zeroth-order draws, or from the noise with
     * which a control replaces the gradient.
     */
    boolean rebuildsGradients(EvidenceCollection collection) {
        return collection.draws().isPresent() || !controls.isEmpty();
    }
}
