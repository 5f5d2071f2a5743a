package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.model.sparsity.DassPass;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.List;

/** A strategy that chooses DaSS masks by the inputs of each down projection after the layers before it have been pruned. */
record DassChain(MaskChoice choice) implements LayerChain {
    /** The name of the pass in the message that the memory budget is too small. */
    static final String NEED = "selection layer by layer";

    @Override
    public EvidenceCollection collection() {
        return EvidenceCollection.NOTHING;
    }

    @Override
    public void check(ModelLayout model) {
        choice.check(model);
    }

    @Override
    public List<Need> needs(CalibrationFootprint job) {
        return List.of(
                job.need(NEED, DassPass.bytes(job.footprint(), job.windows(), job.length())),
                MaskChoice.need(job.footprint()));
    }

    @Override
    public void run(Inputs in, Path position, Progress progress) {
        new DassPass(in.checkpoint(), in.windows(), choice.pattern(), choice.linears(), in.scope(), in.budget())
                .run(
                        position,
                        (layer, masks, u) -> in.visitor().accept(in.files().masked(layer.index(), masks)),
                        progress);
    }
}
