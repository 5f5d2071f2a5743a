package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.model.importance.Backprop;
import io.espalier.model.sparsity.Mask;
import io.espalier.model.tensor.Computation;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A strategy that chooses masks by the squared gradients of each sample, from the last layer to the first. */
record MaskBackprop(MaskChoice choice) implements LayerChain {
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
        return List.of(job.backprop(true, false), MaskChoice.need(job.footprint()));
    }

    @Override
    public void run(Inputs in, Path position, Progress progress) {
        new Backprop(in.checkpoint(), in.windows(), in.scope(), true, Computation.exact(in.budget()))
                .<Map<Linear, Mask>>run(
                        position,
                        (layer, weights, gradients) ->
                                choice.masks(in.evidence(layer, weights).with(gradients)),
                        (layer, attention, feedForward) -> {
                            Map<Linear, Mask> masks = new LinkedHashMap<>(attention);
                            masks.putAll(feedForward);
                            in.visitor().accept(in.files().masked(layer.index(), masks));
                        },
                        progress);
    }
}
