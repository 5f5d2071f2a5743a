package io.espalier.job;

import io.espalier.model.pruning.Budget;
import io.espalier.model.sparsity.SparsityPattern;
import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.Export;
import io.espalier.v1.GradientSource;
import io.espalier.v1.MeasuredText;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Scoring;
import io.espalier.v1.Search;
import io.espalier.v1.TaskData;
import io.espalier.v1.TextShare;
import java.util.List;
import java.util.Locale;

/**
 * A request with every default written out, so that manifests and reports say what was done, not what was left open.
 */
public final class CompleteRequestMapper {
    private CompleteRequestMapper() {}

    public static PruneRequest toWire(JobSpec spec) {
        JobSpec.Gradient gradient = spec.scoring().gradient();
        Scoring.Builder scoring = Scoring.newBuilder()
                .setCriterion(spec.scoring().criterion())
                .setGradient(GradientSource.newBuilder()
                        .setSource(gradient.source())
                        .setDistribution(gradient.distribution())
                        .setDraws(gradient.draws())
                        .setEpsilon(gradient.epsilon())
                        .setCompare(gradient.compared() ? "backprop" : ""))
                .setControls(spec.scoring().controls().name().toLowerCase(Locale.ROOT))
                .setScoresOf(spec.scoring().scoresOf())
                .setMagnitudeP(spec.scoring().options().magnitudeP())
                .setForm(spec.scoring().options().form());
        spec.scoring().options().weight().ifPresent(scoring::setWeight);
        PruneRequest.Builder request = PruneRequest.newBuilder()
                .setRequestId(spec.jobId())
                .setModel(spec.model())
                .setOutput(spec.pruning().target().outputs().get(0))
                .setCalibration(calibration(spec.calibration()))
                .setScoring(scoring)
                .setPruning(pruning(spec.pruning().target())
                        .setLayers(spec.pruning().layers()))
                .setEvaluation(evaluation(spec.evaluation()))
                .setExport(Export.newBuilder()
                        .setRuntime(spec.export().runtime().label())
                        .setGguf(spec.export().gguf().map(RequestMapper::label).orElse(RequestMapper.NO_GGUF)))
                .setSeed(spec.seed());
        spec.recovery().ifPresent(recovery -> request.setRecovery(RecoveryMapper.toWire(recovery)));
        return request.build();
    }

    private static Calibration.Builder calibration(JobSpec.Text text) {
        Calibration.Builder wire =
                Calibration.newBuilder().setSamples(text.windows()).setSequenceLength(text.sequenceLength());
        text.begins().ifPresent(wire::setBos);
        if (text.perDocument()) {
            wire.setWindows(JobSpec.PER_DOCUMENT);
        }
        if (text.sources().size() == 1) {
            JobSpec.Source only = text.sources().get(0);
            return wire.setText(only.uri()).setTextField(only.column());
        }
        for (JobSpec.Source source : text.sources()) {
            wire.addTexts(TextShare.newBuilder()
                    .setText(source.uri())
                    .setTextField(source.column())
                    .setWeight(source.weight()));
        }
        return wire;
    }

    /** Several calibration texts, where they are evaluated on too, are said there alone. */
    private static Evaluation.Builder evaluation(JobSpec.Evaluation evaluation) {
        JobSpec.Text text = evaluation.text();
        Evaluation.Builder wire = Evaluation.newBuilder()
                .setSequenceLength(text.sequenceLength())
                .setMaxWindows(text.windows())
                .setSkipSpeed(!evaluation.speed());
        text.begins().ifPresent(wire::setBos);
        evaluation.runtime().ifPresent(runtime -> wire.setRuntime(runtime.label()));
        if (text.sources().size() == 1) {
            JobSpec.Source only = text.sources().get(0);
            wire.setText(only.uri()).setTextField(only.column());
        }
        evaluation
                .tasks()
                .forEach(task -> wire.addTasks(TaskData.newBuilder()
                        .setTask(task.task().label())
                        .setData(task.uri())
                        .setLimit(task.limit())));
        evaluation
                .texts()
                .forEach(measured -> wire.addTexts(MeasuredText.newBuilder()
                        .setText(measured.source().uri())
                        .setTextField(measured.source().column())
                        .setProtocol(measured.protocol().label())
                        .setLimit(measured.limit())));
        return wire.addAllPrompts(evaluation.prompts().texts())
                .setPromptTokens(evaluation.prompts().tokens());
    }

    private static Pruning.Builder pruning(Target target) {
        if (target instanceof Target.Units units) {
            Pruning.Builder pruning = budgets(units.variants())
                    .setTarget(PruningMapper.UNITS)
                    .setAttentionUnit(PruningMapper.label(units.attentionUnit()))
                    .setAllocation(units.allocation())
                    .setRoundTo(units.rounding().channels())
                    .setAttentionRoundTo(units.rounding().attention())
                    .setOnly(PruningMapper.only(units.rounding()))
                    .setCompensation(units.compensation().label())
                    .setCompensationTarget(units.compensation().target())
                    .setSelection(units.sequential() ? "sequential" : "one-shot");
            units.search()
                    .ifPresent(effort -> pruning.setSearch(Search.newBuilder().setEffort(effort.label())));
            return pruning;
        }
        if (target instanceof Target.Layers layers) {
            return budgets(layers.variants()).setTarget(PruningMapper.LAYERS);
        }
        Target.Weights weights = (Target.Weights) target;
        return Pruning.newBuilder()
                .setTarget(weights.pattern().label())
                .setSparsity(weights.pattern() instanceof SparsityPattern.Unstructured share ? share.sparsity() : 0)
                .addAllLinears(weights.linears().names());
    }

    private static Pruning.Builder budgets(List<Target.Variant> variants) {
        Pruning.Builder pruning = Pruning.newBuilder();
        if (variants.size() > 1) {
            variants.forEach(
                    variant -> pruning.addBudgets(budget(variant.budget()).setOutput(variant.output())));
            return pruning;
        }
        io.espalier.v1.Budget.Builder only = budget(variants.get(0).budget());
        return pruning.setUnitRatio(only.getUnitRatio())
                .setParameterRatio(only.getParameterRatio())
                .setBytes(only.getBytes());
    }

    private static io.espalier.v1.Budget.Builder budget(Budget budget) {
        io.espalier.v1.Budget.Builder wire = io.espalier.v1.Budget.newBuilder();
        if (budget instanceof Budget.ParameterRatio parameters) {
            return wire.setParameterRatio(parameters.ratio());
        }
        if (budget instanceof Budget.Bytes bytes) {
            return wire.setBytes(bytes.bytes());
        }
        return wire.setUnitRatio(((Budget.UnitRatio) budget).ratio());
    }
}
