package io.espalier.scorer.domain;

import static io.espalier.model.importance.GradientSource.BACKPROP;

import io.espalier.base.EspalierException;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.importance.Criterion;
import io.espalier.model.pruning.SequentialPass;
import io.espalier.model.sparsity.MaskCriterion;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.Optional;

/**
 * A way to score the layers of a job. Each kind of strategy decides which inputs it refuses before any expensive work, which
 * evidence is collected first, which tasks score the layers, how much memory they need and what they do. Only {@link #of}
 * chooses the kind. {@link ScorePlan}, {@link ScoreInspection}, {@link JobFootprint} and {@link ScoreWork} ask the chosen one.
 *
 * <p>The choice is a pure function of the request, so the plan that depends on it is one too.
 */
sealed interface ScoringStrategy permits LayersApart, LayerChain, ReusedScores, ChosenByPruner {
    /**
     * Chooses the strategy of a job.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} when the criterion is unknown or does not fit the target, or when the
     *     gradient source or a sequential selection does not fit the criterion
     */
    static ScoringStrategy of(JobSpec spec) {
        Target target = spec.pruning().target();
        return target instanceof Target.Weights weights ? masks(spec, weights) : units(spec, target);
    }

    private static ScoringStrategy masks(JobSpec spec, Target.Weights weights) {
        String name = spec.scoring().criterion();
        if (MaskCriterion.chosenByPruner(name)) {
            return new ChosenByPruner(weights);
        }
        MaskChoice choice = new MaskChoice(MaskCriterion.named(name), weights.pattern(), weights.linears());
        if (MaskCriterion.isSequential(name)) {
            return new DassChain(choice);
        }
        if (!choice.criterion().needsBackprop()) {
            return new MaskLayers(choice);
        }
        if (!source(spec).equals(BACKPROP)) {
            throw new InvalidSetting(
                    Setting.GRADIENT_SOURCE, "must be backprop: %s needs each sample's exact gradient".formatted(name));
        }
        return new MaskBackprop(choice);
    }

    private static ScoringStrategy units(JobSpec spec, Target target) {
        UnitCriteria criteria = UnitCriteria.of(spec);
        Criterion criterion = criteria.criterion();
        boolean wholeLayers = target instanceof Target.Layers;
        if (wholeLayers == criterion.ranksUnits() && !criterion.name().equals("random")) {
            String mismatch = wholeLayers
                    ? "%s ranks the units inside a layer; target layers takes block-influence or random"
                    : "%s ranks whole layers; choose one that ranks units, or target layers";
            throw new InvalidSetting(Setting.CRITERION, mismatch.formatted(criterion.name()));
        }
        criterion.requireSource(source(spec));
        if (spec.scoring().reused()) {
            return new ReusedScores(spec, criterion.name());
        }
        if (target instanceof Target.Units units && units.sequential()) {
            double ratio =
                    SequentialPass.check(criterion, units.variants().get(0).budget(), units.allocation());
            return new SequentialUnits(criterion, units.rounding(), ratio);
        }
        boolean exact = criterion.needsGradient() && source(spec).equals(BACKPROP);
        boolean drawn = criterion.needsGradient() && !exact;
        EvidenceCollection collection = new EvidenceCollection(
                criterion.needsActivations(), drawn ? Optional.of(spec.scoring().gradient()) : Optional.empty());
        if (criterion.needsHessians()) {
            return new HessianChain(criteria, collection);
        }
        return exact || spec.scoring().gradient().compared()
                ? new UnitBackprop(criteria, collection)
                : new UnitLayers(criteria, collection);
    }

    private static String source(JobSpec spec) {
        return spec.scoring().gradient().source();
    }

    /** The evidence that is collected on the dense model before any layer is scored. */
    EvidenceCollection collection();

    /**
     * The tasks that score the layers.
     *
     * @param layers one task for each layer in scope; the plan waits for their results
     * @return empty when the pruner chooses what is removed and there is nothing to score
     */
    Optional<ScoreStep.Run> scoring(List<ScoreTask.ScoreLayer> layers, CollectedEvidence evidence);

    /** The memory that each scoring pass needs, without the passes of {@link #collection}. */
    List<Need> needs(CalibrationFootprint footprint);

    /**
     * Refuses a model that this strategy cannot score.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the field and the tensor or the family
     */
    default void check(ModelLayout model) {}

    /**
     * Refuses inputs that this strategy cannot score, once their digests are known.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the field
     */
    default void check(Inspection inspection, ArtifactStore artifacts) {}
}
