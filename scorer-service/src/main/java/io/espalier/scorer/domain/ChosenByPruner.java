package io.espalier.scorer.domain;

import io.espalier.job.Target;
import io.espalier.model.sparsity.SparseGptPass;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.Optional;

/** The strategy for SparseGPT. The pruner chooses the weights while it updates the kept ones, so the scorer computes no scores. */
record ChosenByPruner(Target.Weights weights) implements ScoringStrategy {
    @Override
    public EvidenceCollection collection() {
        return EvidenceCollection.NOTHING;
    }

    @Override
    public Optional<ScoreStep.Run> scoring(List<ScoreTask.ScoreLayer> layers, CollectedEvidence evidence) {
        return Optional.empty();
    }

    @Override
    public void check(ModelLayout model) {
        SparseGptPass.check(model, weights.pattern(), weights.linears());
    }

    @Override
    public List<Need> needs(CalibrationFootprint job) {
        return List.of(
                job.need("SparseGPT on one layer", SparseGptPass.bytes(job.footprint(), job.windows(), job.length())));
    }
}
