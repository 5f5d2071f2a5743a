package io.espalier.scorer.domain;

import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;

/** A strategy that chooses masks from the weights and the input statistics of each layer. */
record MaskLayers(MaskChoice choice) implements LayersApart {
    @Override
    public EvidenceCollection collection() {
        return EvidenceCollection.ofStatistics(choice.criterion().needsActivations());
    }

    @Override
    public void check(ModelLayout model) {
        choice.check(model);
    }

    @Override
    public List<Need> needs(CalibrationFootprint job) {
        return List.of(MaskChoice.need(job.footprint()));
    }

    @Override
    public LayerScore score(LayerEvidence evidence, LayerFiles files) {
        return files.masked(evidence.layout().index(), choice.masks(evidence));
    }
}
