package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.model.importance.HessianPass;
import java.nio.file.Path;
import java.util.List;

/** Units scored by the Hessians of the dense model, which are too large to be sent: each lives while its layer is passed. */
record HessianChain(UnitCriteria criteria, EvidenceCollection collection) implements LayerChain {
    @Override
    public List<Need> needs(CalibrationFootprint job) {
        return List.of(need(job, false));
    }

    /** @param cut whether the layer is cut at once, so that all of it is still there when it is scored */
    static Need need(CalibrationFootprint job, boolean cut) {
        return job.need("Hessians of one layer", job.footprint().hessians(job.windows(), job.length(), cut));
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
