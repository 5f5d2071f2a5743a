package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.model.importance.Criterion;
import io.espalier.model.pruning.SequentialPass;
import io.espalier.model.pruning.UnitRounding;
import java.nio.file.Path;
import java.util.List;

/**
 * A strategy that scores the units of each layer by its inputs after the layers before it have been pruned.
 *
 * @param rounding numbers of units that may be left
 * @param ratio share of units that each layer loses, in (0, 1)
 */
record SequentialUnits(Criterion criterion, UnitRounding rounding, double ratio) implements LayerChain {
    @Override
    public EvidenceCollection collection() {
        return EvidenceCollection.NOTHING;
    }

    @Override
    public List<Need> needs(CalibrationFootprint job) {
        return List.of(job.need(
                criterion.needsHessians() ? HessianChain.NEED : DassChain.NEED,
                SequentialPass.bytes(job.footprint(), job.windows(), job.length(), criterion)));
    }

    @Override
    public void run(Inputs in, Path position, Progress progress) {
        new SequentialPass(
                        in.checkpoint(), in.windows(), in.scope(), criterion, rounding, ratio, in.seed(), in.budget())
                .run(
                        position,
                        (layer, scores, removed) ->
                                in.visitor().accept(in.files().scored(layer.index(), criterion.name(), scores)),
                        progress);
    }
}
