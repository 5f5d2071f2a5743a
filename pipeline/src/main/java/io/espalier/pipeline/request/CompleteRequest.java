package io.espalier.pipeline.request;

import io.espalier.model.pruning.Budget;
import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.GradientSource;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Scoring;

/** A request with every default written out, so that manifests and reports say what was done, not what was left open. */
public final class CompleteRequest {
    private CompleteRequest() {}

    public static PruneRequest of(JobSpec spec) {
        JobSpec.Gradient gradient = spec.scoring().gradient();
        Scoring.Builder scoring = Scoring.newBuilder()
                .setCriterion(spec.scoring().criterion())
                .setGradient(GradientSource.newBuilder()
                        .setSource(gradient.source())
                        .setDistribution(gradient.distribution())
                        .setDraws(gradient.draws())
                        .setEpsilon(gradient.epsilon()))
                .setControls(spec.scoring().controls() ? "ranks" : "off")
                .setMagnitudeP(spec.scoring().options().magnitudeP())
                .setForm(spec.scoring().options().form());
        spec.scoring().options().weight().ifPresent(scoring::setWeight);
        return PruneRequest.newBuilder()
                .setRequestId(spec.jobId())
                .setModel(spec.model())
                .setOutput(spec.output())
                .setCalibration(Calibration.newBuilder()
                        .setText(spec.calibration().uri())
                        .setSamples(spec.calibration().windows())
                        .setSequenceLength(spec.calibration().sequenceLength()))
                .setScoring(scoring)
                .setPruning(budget(spec.pruning().budget())
                        .setLayers(spec.pruning().layers())
                        .setAllocation(spec.pruning().allocation())
                        .setRoundTo(spec.pruning().roundTo())
                        .setCompensation(spec.pruning().compensation().label())
                        .setCompensationTarget(spec.pruning().compensation().target()))
                .setEvaluation(Evaluation.newBuilder()
                        .setText(spec.evaluation().text().uri())
                        .setSequenceLength(spec.evaluation().text().sequenceLength())
                        .setMaxWindows(spec.evaluation().text().windows())
                        .setSkipSpeed(!spec.evaluation().speed()))
                .setSeed(spec.seed())
                .build();
    }

    private static Pruning.Builder budget(Budget budget) {
        Pruning.Builder pruning = Pruning.newBuilder();
        if (budget instanceof Budget.ParameterRatio parameters) {
            return pruning.setParameterRatio(parameters.ratio());
        }
        if (budget instanceof Budget.Bytes bytes) {
            return pruning.setBytes(bytes.bytes());
        }
        return pruning.setUnitRatio(((Budget.UnitRatio) budget).ratio());
    }
}
