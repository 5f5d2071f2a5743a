package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.model.sparsity.DassPass;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.List;

/** Masks of gated MLPs, chosen by what enters each down projection behind the layers already masked. */
record DassChain(MaskChoice choice) implements LayerChain {
    /** What the pass is called where it does not fit. */
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
