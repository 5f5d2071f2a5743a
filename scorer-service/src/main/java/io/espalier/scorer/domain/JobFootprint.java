package io.espalier.scorer.domain;

import io.espalier.base.EspalierException;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.model.LayerShape;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.pruning.BiasPass;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.FfnRounding;
import io.espalier.model.pruning.LeastSquaresPass;
import io.espalier.model.pruning.UniformAllocation;
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
    /** @throws EspalierException {@code INVALID_ARGUMENT} naming {@code espalier.memory.budget} and what needs more of it */
    void check() {
        needs().forEach(need -> footprint.check(need.what(), need.bytes()));
    }

    /** Of every pass that is more than moving tensors, in the order of the job. */
    List<Need> needs() {
        ScoringStrategy strategy = ScoringStrategy.of(spec);
        CalibrationFootprint scoring = new CalibrationFootprint(footprint, parameters, calibration, length());
        List<Need> needs = new ArrayList<>(strategy.collection().needs(scoring));
        needs.addAll(strategy.needs(scoring));
        if (spec.pruning().target() instanceof Target.Units units) {
            addRepair(needs, units);
        }
        int length = spec.evaluation().text().sequenceLength();
        int together = Perplexity.together(
                footprint.layout(), evaluation, length, footprint.computation().budget());
        needs.add(Need.of("evaluation", together, length, Perplexity.bytes(footprint, together, length)));
        return List.copyOf(needs);
    }

    private void addRepair(List<Need> needs, Target.Units units) {
        if (units.compensation() == Compensation.BIAS) {
            needs.add(calibrated("bias compensation of one layer", BiasPass.bytes(footprint, calibration, length())));
        } else if (units.compensation() != Compensation.NONE) {
            int streams = units.compensation() == Compensation.LEAST_SQUARES_BLEND ? 2 : 1;
            for (Target.Variant variant : units.variants()) {
                needs.add(calibrated(
                        "least-squares repair of one layer",
                        LeastSquaresPass.bytes(
                                footprint, calibration, length(), streams, left(units, variant.budget()))));
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
        return Need.of(what, calibration, length(), bytes);
    }
}
