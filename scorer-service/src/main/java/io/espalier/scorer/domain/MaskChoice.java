package io.espalier.scorer.domain;

import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.sparsity.LinearChoice;
import io.espalier.model.sparsity.Mask;
import io.espalier.model.sparsity.MaskCriterion;
import io.espalier.model.sparsity.SparsePass;
import io.espalier.model.sparsity.SparsityPattern;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.util.Map;

/** How the masks of a layer are chosen: by which criterion, in which pattern, and in which of its linear layers. */
record MaskChoice(MaskCriterion criterion, SparsityPattern pattern, LinearChoice linears) {
    /** @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} as in {@link MaskCriterion#check} */
    void check(ModelLayout model) {
        criterion.check(model, pattern, linears);
    }

    Map<Linear, Mask> masks(LayerEvidence evidence) {
        return criterion.masks(evidence, pattern, linears);
    }

    /** The need of choosing the masks of a layer. The pruner needs the same to apply them. */
    static Need need(Footprint footprint) {
        return new Need("choosing weights of one layer", SparsePass.bytes(footprint));
    }
}
