package io.espalier.evaluator.kafka;

import io.espalier.evaluator.domain.Evaluation;
import io.espalier.evaluator.domain.EvaluationWork;
import io.espalier.evaluator.domain.Speeds;
import io.espalier.evaluator.domain.Unrecovered;
import io.espalier.job.InspectionMapper;
import io.espalier.job.JobSpec;
import io.espalier.job.SpeedRuntime;
import io.espalier.model.importance.GradientSource;
import io.espalier.v1.EvaluationProtocol;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.MaskedPerplexity;
import io.espalier.v1.ModelMeasurement;
import io.espalier.v1.Provenance;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.RecoveryReport;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** An evaluation on the wire, with everything that produced its numbers. */
final class EvaluationMapper {
    private EvaluationMapper() {}

    static EvaluationReport toWire(
            PrunedCheckpoint checkpoint, JobSpec spec, Evaluation evaluation, String codeVersion) {
        EvaluationReport.Builder report = EvaluationReport.newBuilder()
                .setJobId(checkpoint.getJobId())
                .setRequest(checkpoint.getRequest())
                .setOutput(checkpoint.getOutput())
                .setProfile(checkpoint.getProfile())
                .setDense(toWire(evaluation.dense(), evaluation.speeds().dense()))
                .setPruned(toWire(evaluation.pruned(), evaluation.speeds().pruned()))
                .setProtocol(protocol(evaluation, codeVersion))
                .addAllControls(checkpoint.getControlsList())
                .addAllRemoved(checkpoint.getRemovedList())
                .setProvenance(provenance(checkpoint, spec, codeVersion));
        if (checkpoint.hasSearch()) {
            report.setSearch(checkpoint.getSearch());
        }
        if (checkpoint.hasRecovery()) {
            report.setRecovery(checkpoint.getRecovery());
        }
        evaluation
                .unrecovered()
                .ifPresent(measured -> report.setUnrecovered(toWire(measured, new Speeds.Measured(0, 0, 0))));
        evaluation.layers().forEach(layer -> report.addLayers(InspectionMapper.toWire(layer)));
        evaluation
                .sliced()
                .forEach((set, perplexity) -> report.addMasked(
                        MaskedPerplexity.newBuilder().setSet(set).setPerplexity(perplexity)));
        return report.build();
    }

    static EvaluationWork.Pruned pruned(PrunedCheckpoint checkpoint) {
        return new EvaluationWork.Pruned(
                checkpoint.getOutput(), checkpoint.getZeroedWeights(), unrecovered(checkpoint));
    }

    /** A checkpoint and its further ones. */
    static List<EvaluationWork.Pruned> all(PrunedCheckpoint first) {
        return Stream.concat(Stream.of(first), first.getFurtherList().stream())
                .map(EvaluationMapper::pruned)
                .toList();
    }

    /** Where the model of a checkpoint lies as it was before its recovery; empty where there was none. */
    static Optional<Unrecovered> unrecovered(PrunedCheckpoint checkpoint) {
        RecoveryReport recovery = checkpoint.getRecovery();
        if (!recovery.getUnrecoveredOutput().isEmpty()) {
            return Optional.of(new Unrecovered.Kept(recovery.getUnrecoveredOutput()));
        }
        return checkpoint.hasRecovery()
                ? Optional.of(new Unrecovered.Staged(recovery.getUnrecoveredStaging()))
                : Optional.empty();
    }

    private static ModelMeasurement toWire(Evaluation.Measurement measurement, Speeds.Measured speed) {
        ModelMeasurement.Builder wire = ModelMeasurement.newBuilder()
                .setParameters(measurement.parameters())
                .setNonzeroParameters(measurement.nonzero())
                .setMacs(measurement.macs())
                .setCheckpointBytes(measurement.checkpointBytes())
                .setPrefillTokensPerSecond(speed.prefill())
                .setDecodeTokensPerSecond(speed.decode())
                .setPeakMemoryBytes(speed.peakMemory());
        measurement.quality().ifPresent(quality -> {
            wire.setPerplexity(quality.perplexity());
            quality.distance().ifPresent(distance -> wire.setDivergence(distance.divergence())
                    .setAgreement(distance.agreement()));
        });
        return wire.build();
    }

    private static EvaluationProtocol protocol(Evaluation evaluation, String codeVersion) {
        Speeds speeds = evaluation.speeds();
        boolean own = speeds.runtime().equals(SpeedRuntime.ESPALIER.label());
        return EvaluationProtocol.newBuilder()
                .setSequenceLength(evaluation.sequenceLength())
                .setWindows(evaluation.windows())
                .setPredictedTokens(evaluation.predictedTokens())
                .setSplit(evaluation.splitName())
                .setMacsTokens(evaluation.macsTokens())
                .setPrefillTokens(speeds.prefillTokens())
                .setDecodeTokens(speeds.decodeTokens())
                .setRepetitions(speeds.repetitions())
                .setRuntime(speeds.runtime())
                .setRuntimeVersion(own ? codeVersion : speeds.version())
                .setWeightType(speeds.weightType())
                .setThreads(speeds.threads())
                .addAllNotes(speeds.notes())
                .build();
    }

    private static Provenance provenance(PrunedCheckpoint checkpoint, JobSpec spec, String codeVersion) {
        Provenance.Builder provenance = Provenance.newBuilder()
                .setModelSha256(checkpoint.getInputs().getModelSha256())
                .setManifestSha256(checkpoint.getManifestSha256())
                .setCalibrationSha256(checkpoint.getInputs().getCalibrationSha256())
                .setEvaluationSha256(checkpoint.getInputs().getEvaluationSha256())
                .setSeed(spec.seed())
                .setCriterion(spec.scoring().criterion())
                .setCompensation(checkpoint.getRequest().getPruning().getCompensation())
                .setCodeVersion(codeVersion)
                .setProfile(checkpoint.getInputs().getProfile());
        if (checkpoint.getInputs().hasCalibration()) {
            provenance.setCalibration(checkpoint.getInputs().getCalibration());
            provenance.setEvaluation(checkpoint.getInputs().getEvaluation());
        }
        provenance.addAllNotes(checkpoint.getInputs().getNotesList());
        return provenance.setGradientSource(gradientSource(spec)).build();
    }

    /** Empty where the criterion looks at no gradient. */
    private static String gradientSource(JobSpec spec) {
        JobSpec.Gradient gradient = spec.scoring().gradient();
        return gradient.source().equals(GradientSource.ZEROTH_ORDER)
                ? gradient.source() + "/" + gradient.distribution()
                : gradient.source();
    }
}
