package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.model.importance.HessianPass;
import java.nio.file.Path;
import java.util.List;

/**
 * A strategy that scores units by the Hessians of the dense model. Hessians are too large to be sent to other workers, so one
 * task computes each of them, scores its layer and frees it.
 */
record HessianChain(UnitCriteria criteria, EvidenceCollection collection) implements LayerChain {
    /** The name of the pass in the message that the memory budget is too small. */
    static final String NEED = "Hessians of one layer";

    @Override
    public List<Need> needs(CalibrationFootprint job) {
        return List.of(job.need(NEED, HessianPass.bytes(job.footprint(), job.windows(), job.length(), false)));
    }

    @Override
    public void run(Inputs in, Path position, Progress progress) {
        new HessianPass(in.checkpoint(), in.windows(), in.scope(), in.budget())
                .run(
                        position,
                        (layer, weights, hessians) -> in.visitor()
                                .accept(in.files()
                                        .scored(
                                                layer.index(),
                                                criteria.criterion().name(),
                                                criteria.scores(in.evidence(layer, weights)
                                                        .with(in.draws())
                                                        .with(hessians)))),
                        progress);
    }
}
