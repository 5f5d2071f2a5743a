package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.GradientSource;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScores;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.tensor.Computation;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A strategy that scores units by exact gradients, from the last layer to the first. If the job also has zeroth-order draws,
 * their gradient estimate decides what is removed. The scores from exact gradients are then a further set for comparison.
 */
record UnitBackprop(UnitCriteria criteria, EvidenceCollection collection) implements LayerChain {
    @Override
    public List<Need> needs(CalibrationFootprint job) {
        return List.of(job.backprop(criteria.criterion().needsBackprop(), criteria.rebuildsGradients(collection)));
    }

    @Override
    public void run(Inputs in, Path position, Progress progress) {
        Criterion criterion = criteria.criterion();
        new Backprop(
                        in.checkpoint(),
                        in.windows(),
                        in.scope(),
                        criterion.needsBackprop(),
                        Computation.exact(in.budget()))
                .<LayerScores>run(
                        position,
                        (layer, weights, gradients) ->
                                scores(in.evidence(layer, weights).with(gradients), in.draws()),
                        (layer, attention, feedForward) -> in.visitor()
                                .accept(in.files()
                                        .scored(layer.index(), criterion.name(), attention.joined(feedForward))),
                        progress);
    }

    private LayerScores scores(LayerEvidence exact, @Nullable GradientSource draws) {
        if (draws == null) {
            return criteria.scores(exact);
        }
        Criterion criterion = criteria.criterion();
        Map<String, UnitScores> sets =
                new LinkedHashMap<>(criteria.scores(exact.with(draws)).sets());
        sets.put(criterion.name() + "/" + GradientSource.BACKPROP, criterion.score(exact));
        return new LayerScores(sets);
    }
}
