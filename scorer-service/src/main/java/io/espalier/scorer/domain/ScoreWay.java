package io.espalier.scorer.domain;

import static io.espalier.model.importance.GradientSource.BACKPROP;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.model.importance.Criterion;
import io.espalier.model.pruning.SequentialPass;
import io.espalier.model.sparsity.MaskCriterion;
import io.espalier.model.sparsity.SparseGptPass;

/**
 * How the scores of a job come about.
 *
 * @param statistics whether the inputs of the dense model's linear layers are measured first
 * @param draws whether zeroth-order draws are made first
 */
record ScoreWay(boolean statistics, boolean draws, Layers layers) {
    /** Who scores the layers. */
    enum Layers {
        /** A task each. */
        APART,
        /** One pass through the model, because a layer depends on others. */
        CHAINED,
        /** An earlier job did. */
        REUSED,
        /** Pruning chooses for itself. */
        UNSCORED
    }

    /** @throws EspalierException INVALID_ARGUMENT for a criterion there is not, or not for this target */
    static ScoreWay of(JobSpec spec) {
        Target target = spec.pruning().target();
        return target instanceof Target.Weights weights ? masks(spec, weights) : units(spec, target);
    }

    private static ScoreWay masks(JobSpec spec, Target.Weights weights) {
        String name = spec.scoring().criterion();
        if (name.equals(SparseGptPass.NAME)) {
            return new ScoreWay(false, false, Layers.UNSCORED);
        }
        MaskCriterion criterion = MaskCriterion.named(name);
        if (criterion.needsBackprop() && !source(spec).equals(BACKPROP)) {
            throw invalid("scoring.gradient.source", "must be backprop: %s needs each sample's exact gradient", name);
        }
        if (criterion.sequential()) {
            return new ScoreWay(false, false, Layers.CHAINED);
        }
        return new ScoreWay(
                criterion.needsActivations(), false, criterion.needsBackprop() ? Layers.CHAINED : Layers.APART);
    }

    private static ScoreWay units(JobSpec spec, Target target) {
        Criterion criterion =
                Criterion.named(spec.scoring().criterion(), spec.scoring().options());
        boolean wholeLayers = target instanceof Target.Layers;
        if (wholeLayers == criterion.ranksUnits() && !criterion.name().equals("random")) {
            throw invalid(
                    "scoring.criterion",
                    wholeLayers
                            ? "%s ranks the units inside a layer; target layers takes block-influence or random"
                            : "%s ranks whole layers; choose one that ranks units, or target layers",
                    criterion.name());
        }
        criterion.requireSource(source(spec));
        if (spec.scoring().reused()) {
            return new ScoreWay(false, false, Layers.REUSED);
        }
        if (target instanceof Target.Units units && units.sequential()) {
            SequentialPass.check(criterion, units.variants().get(0).budget(), units.allocation());
            return new ScoreWay(false, false, Layers.CHAINED);
        }
        boolean exact = criterion.needsGradient() && source(spec).equals(BACKPROP);
        boolean chained =
                exact || criterion.needsHessians() || spec.scoring().gradient().compared();
        return new ScoreWay(
                criterion.needsActivations(),
                criterion.needsGradient() && !exact,
                chained ? Layers.CHAINED : Layers.APART);
    }

    private static String source(JobSpec spec) {
        return spec.scoring().gradient().source();
    }

    private static EspalierException invalid(String field, String what, String criterion) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, field + " " + what.formatted(criterion));
    }
}
