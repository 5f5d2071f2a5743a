package io.espalier.scorer.domain;

import io.espalier.base.EspalierException;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.model.LayerShape;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.Distribution;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.FfnRounding;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.sparsity.MaskCriterion;
import io.espalier.model.sparsity.SparseGptPass;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import java.util.ArrayList;
import java.util.List;

/**
 * What the passes of one job need of the memory budget, from its first to its evaluation. Pruning by {@code none} and
 * whole layers move tensors one by one and need less than any other pass.
 *
 * @param parameters of the dense model
 * @param calibration windows of the calibration text
 * @param evaluation windows of the evaluation text
 */
record JobFootprint(
        JobSpec spec, Footprint footprint, LayerScope scope, long parameters, int calibration, int evaluation) {
    /**
     * A pass and the bytes it needs.
     *
     * @param what it is, with its text
     */
    record Need(String what, long bytes) {}

    /** @throws EspalierException {@code INVALID_ARGUMENT} naming {@code espalier.memory.budget} and what needs more of it */
    void check() {
        needs().forEach(need -> footprint.check(need.what(), need.bytes()));
    }

    /** Of every pass that is more than moving tensors, in the order of the job. */
    List<Need> needs() {
        List<Need> needs = new ArrayList<>();
        addScoring(needs);
        Target target = spec.pruning().target();
        if (target instanceof Target.Units units) {
            addRepair(needs, units);
        } else if (target instanceof Target.Weights) {
            needs.add(
                    spec.scoring().criterion().equals(SparseGptPass.NAME)
                            ? calibrated("SparseGPT on one layer", footprint.sparseGpt(calibration, length()))
                            : new Need("choosing weights of one layer", footprint.rewriting()));
        }
        int length = spec.evaluation().text().sequenceLength();
        int together = Perplexity.together(
                footprint.layout(), evaluation, length, footprint.computation().budget());
        needs.add(with("evaluation", together, length, footprint.evaluation(together, length)));
        return List.copyOf(needs);
    }

    private void addScoring(List<Need> needs) {
        ScoreWay way = ScoreWay.of(spec);
        if (way.statistics()) {
            int together = ScorePlan.windowsTogether(parameters, calibration, length());
            needs.add(with("statistics", together, length(), footprint.statistics(together, length())));
        }
        if (way.draws()) {
            long moved = Distribution.named(spec.scoring().gradient().distribution())
                    .movedTogether(footprint.layout().layers());
            needs.add(calibrated("one zeroth-order draw", footprint.zerothOrder(calibration, length(), moved)));
        }
        if (way.layers() == ScoreWay.Layers.CHAINED) {
            needs.add(chain(way));
        } else if (way.layers() == ScoreWay.Layers.APART && estimates(way)) {
            needs.add(new Need("scoring one layer by estimated gradients", footprint.estimate()));
        }
    }

    /** Whether matrices of Ĝ are rebuilt: from draws, or of the noise that controls put in their place. */
    private boolean estimates(ScoreWay way) {
        return spec.pruning().target() instanceof Target.Units
                && (way.draws() || ScoreWork.criteria(spec).size() > 1);
    }

    /** As {@link ScoreChain} runs it. */
    private Need chain(ScoreWay way) {
        String name = spec.scoring().criterion();
        if (spec.pruning().target() instanceof Target.Weights) {
            return MaskCriterion.named(name).sequential() ? sequential() : backprop(true, false);
        }
        Criterion criterion = ScoreWork.criteria(spec).get(0);
        boolean sequential = spec.pruning().target() instanceof Target.Units units && units.sequential();
        if (criterion.needsHessians()) {
            return calibrated("Hessians of one layer", footprint.hessians(calibration, length(), sequential));
        }
        return sequential ? sequential() : backprop(criterion.needsBackprop(), estimates(way));
    }

    private Need sequential() {
        return calibrated("selection layer by layer", footprint.sequential(calibration, length()));
    }

    private Need backprop(boolean squares, boolean estimates) {
        return calibrated(
                "exact gradients of half a layer", footprint.backprop(calibration, length(), squares, estimates));
    }

    private void addRepair(List<Need> needs, Target.Units units) {
        if (units.compensation() == Compensation.BIAS) {
            needs.add(calibrated("bias compensation of one layer", footprint.bias(calibration, length())));
        } else if (units.compensation() != Compensation.NONE) {
            int streams = units.compensation() == Compensation.LEAST_SQUARES_BLEND ? 2 : 1;
            for (Target.Variant cut : units.variants()) {
                needs.add(calibrated(
                        "least-squares repair of one layer",
                        footprint.leastSquares(calibration, length(), streams, left(units, cut.budget()))));
            }
        }
    }

    /** The widest shapes that may be left: known where every layer loses the same share, else all but one unit of each kind. */
    private List<LayerShape> left(Target.Units units, Budget budget) {
        UniformAllocation uniform = new UniformAllocation(new FfnRounding(units.roundTo()));
        List<LayerShape> left = new ArrayList<>();
        for (LayerLayout layer : footprint.layout().layers()) {
            LayerShape shape = layer.shape();
            if (!scope.contains(layer.index())) {
                left.add(shape);
            } else if (units.allocation().equals("uniform") && budget instanceof Budget.UnitRatio share) {
                left.add(uniform.left(shape, share.ratio()));
            } else {
                left.add(uniform.rounding().left(shape, shape.attentionUnits() - 1, shape.ffnChannels() - 1));
            }
        }
        return left;
    }

    private int length() {
        return spec.calibration().sequenceLength();
    }

    private Need calibrated(String what, long bytes) {
        return with(what, calibration, length(), bytes);
    }

    private static Need with(String what, int windows, int length, long bytes) {
        return new Need("%s with %d windows of %d tokens".formatted(what, windows, length), bytes);
    }
}
