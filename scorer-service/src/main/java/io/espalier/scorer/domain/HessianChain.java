package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.model.importance.HessianPass;
import java.nio.file.Path;
import java.util.List;

/** Units scored by the Hessians of the dense model, which are too large to be sent: each lives while its layer is passed. */
record HessianChain(UnitCriteria criteria, EvidenceCollection collection) implements LayerChain {
    /** What the pass is called where it does not fit. */
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
