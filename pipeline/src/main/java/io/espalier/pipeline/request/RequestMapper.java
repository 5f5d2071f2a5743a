package io.espalier.pipeline.request;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.importance.Distribution;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.GradientSource;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Scoring;
import java.util.List;
import java.util.OptionalDouble;

/** From the wire to a checked {@link JobSpec}; every refusal names the field and what it may be. */
public final class RequestMapper {
    private static final int MAX_WINDOWS = 100_000;
    private static final int MAX_SEQUENCE = 1 << 17;
    private static final int MAX_DRAWS = 4096;
    private static final int MAX_ROUND_TO = 65_536;

    private RequestMapper() {}

    /** @throws EspalierException INVALID_ARGUMENT naming the first field that cannot be used */
    public static JobSpec toSpec(String jobId, PruneRequest request) {
        required(request.getModel(), "model", "the checkpoint folder");
        Calibration calibration = request.getCalibration();
        required(calibration.getText(), "calibration.text", "the text to measure importance on");
        JobSpec.Text calibrationText = new JobSpec.Text(
                calibration.getText(),
                count(calibration.getSamples(), 64, 1, MAX_WINDOWS, "calibration.samples"),
                count(calibration.getSequenceLength(), 128, 2, MAX_SEQUENCE, "calibration.sequence_length"));
        return new JobSpec(
                jobId,
                request.getModel(),
                request.getOutput().isEmpty() ? jobId : request.getOutput(),
                calibrationText,
                scoring(request.getScoring()),
                pruning(request.getPruning()),
                evaluation(request.getEvaluation(), calibrationText),
                request.getSeed());
    }

    private static JobSpec.Scoring scoring(Scoring scoring) {
        String criterion = or(scoring.getCriterion(), "fms");
        String controls = choice(scoring.getControls(), "scoring.controls", List.of("ranks", "off"));
        return new JobSpec.Scoring(
                criterion,
                new CriterionOptions(
                        count(scoring.getMagnitudeP(), 1, 1, 2, "scoring.magnitude_p"),
                        scoring.getForm(),
                        scoring.hasWeight() ? OptionalDouble.of(scoring.getWeight()) : OptionalDouble.empty()),
                gradient(scoring.getGradient(), criterion.equals("fms") ? "zeroth-order" : ""),
                criterion.equals("fms") && controls.equals("ranks"));
    }

    private static JobSpec.Gradient gradient(GradientSource gradient, String defaultSource) {
        double epsilon = gradient.getEpsilon() == 0 ? 1e-3 : gradient.getEpsilon();
        if (!(epsilon > 0 && epsilon <= 1)) {
            throw invalid("scoring.gradient.epsilon", "is " + epsilon + "; it must be in (0, 1]");
        }
        return new JobSpec.Gradient(
                or(gradient.getSource(), defaultSource),
                Distribution.named(or(gradient.getDistribution(), "gaussian")).spelled(),
                count(gradient.getDraws(), 8, 1, MAX_DRAWS, "scoring.gradient.draws"),
                epsilon);
    }

    private static JobSpec.Pruning pruning(Pruning pruning) {
        String target = choice(pruning.getCompensationTarget(), "pruning.compensation_target", List.of("blend", "own"));
        return new JobSpec.Pruning(
                budget(pruning),
                choice(pruning.getAllocation(), "pruning.allocation", List.of("uniform", "global")),
                or(pruning.getLayers(), "default"),
                count(pruning.getRoundTo(), 32, 1, MAX_ROUND_TO, "pruning.round_to"),
                Compensation.named(or(pruning.getCompensation(), "least-squares"), target));
    }

    private static Budget budget(Pruning pruning) {
        boolean parameters = pruning.getParameterRatio() != 0;
        boolean bytes = pruning.getBytes() != 0;
        if (parameters || bytes) {
            if (pruning.getUnitRatio() != 0 || (parameters && bytes)) {
                String field = parameters ? "pruning.parameter_ratio" : "pruning.bytes";
                throw invalid(
                        field, "is given beside another budget; give one of unit_ratio, parameter_ratio and bytes");
            }
            return parameters
                    ? new Budget.ParameterRatio(pruning.getParameterRatio())
                    : new Budget.Bytes(pruning.getBytes());
        }
        return new Budget.UnitRatio(pruning.getUnitRatio());
    }

    private static JobSpec.Evaluation evaluation(Evaluation evaluation, JobSpec.Text calibration) {
        String uri = or(evaluation.getText(), calibration.uri());
        int windows = count(evaluation.getMaxWindows(), 0, 0, MAX_WINDOWS, "evaluation.max_windows");
        int length = count(evaluation.getSequenceLength(), 128, 2, MAX_SEQUENCE, "evaluation.sequence_length");
        return new JobSpec.Evaluation(
                new JobSpec.Text(uri, windows, length), !uri.equals(calibration.uri()), !evaluation.getSkipSpeed());
    }

    private static void required(String value, String field, String what) {
        if (value.isEmpty()) {
            throw invalid(field, "is missing; name " + what);
        }
    }

    /** A uint32 field, 0 meaning its default. */
    private static int count(int value, int fallback, int min, int max, String field) {
        long unsigned = Integer.toUnsignedLong(value);
        long chosen = unsigned == 0 ? fallback : unsigned;
        if (chosen < min || chosen > max) {
            throw invalid(field, "is %d; it must be between %d and %d".formatted(chosen, min, max));
        }
        return (int) chosen;
    }

    /** A word out of a list whose first is the default. */
    private static String choice(String value, String field, List<String> allowed) {
        String chosen = or(value, allowed.get(0));
        if (!allowed.contains(chosen)) {
            throw invalid(field, "is \"%s\"; it must be one of %s".formatted(shortened(chosen), allowed));
        }
        return chosen;
    }

    private static String or(String value, String fallback) {
        return value.isEmpty() ? fallback : value;
    }

    private static String shortened(String value) {
        return value.length() <= 60 ? value : value.substring(0, 60) + "…";
    }

    private static EspalierException invalid(String field, String what) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, field + " " + what);
    }
}
