package io.espalier.job;

import static io.espalier.job.Fields.choice;
import static io.espalier.job.Fields.count;
import static io.espalier.job.Fields.invalid;
import static io.espalier.job.Fields.or;
import static io.espalier.job.Fields.required;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.evaluation.TextProtocol;
import io.espalier.model.export.GgufType;
import io.espalier.model.export.TargetRuntime;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.importance.Distribution;
import io.espalier.model.zeroshot.ZeroShotTask;
import io.espalier.pipeline.request.RequestJson;
import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.Export;
import io.espalier.v1.GradientSource;
import io.espalier.v1.MeasuredText;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Scoring;
import io.espalier.v1.TaskData;
import io.espalier.v1.TextShare;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/** From the wire to a checked {@link JobSpec}; every refusal names the field and what it may be. */
public final class RequestMapper {
    static final int MAX_WINDOWS = 100_000;
    private static final int MAX_SEQUENCE = 1 << 17;
    private static final int MAX_TEXTS = 16;
    static final int MAX_QUESTIONS = 100_000;
    private static final int MAX_PROMPTS = 4;
    private static final int MAX_PROMPT_CHARS = 500;
    private static final int MAX_PROMPT_TOKENS = 128;
    private static final double MAX_WEIGHT = 1e6;
    private static final int MAX_DRAWS = 4096;
    private static final int MIN_PRIORITY = -100;
    private static final int MAX_PRIORITY = 100;
    static final String NO_GGUF = "none";
    private static final List<String> GGUF = Stream.concat(
                    Stream.of(NO_GGUF), Arrays.stream(GgufType.values()).map(RequestMapper::label))
            .toList();

    private RequestMapper() {}

    /** @throws io.espalier.base.EspalierException INVALID_ARGUMENT naming the first field that cannot be used */
    public static JobSpec toSpec(String jobId, PruneRequest request) {
        return SettingNames.named(() -> spec(jobId, request));
    }

    /**
     * The same of a request in proto3 JSON, as a manifest holds it.
     *
     * @throws io.espalier.base.EspalierException MALFORMED_MESSAGE when it is no request; INVALID_ARGUMENT as above
     */
    static JobSpec toSpec(String jobId, JsonNode request) {
        return toSpec(jobId, RequestJson.fromJson(request.toString()));
    }

    private static JobSpec spec(String jobId, PruneRequest request) {
        required(request.getModel(), "model", "the checkpoint folder");
        Fields.within(request.getPriority(), MIN_PRIORITY, MAX_PRIORITY, "priority");
        JobSpec.Text calibrationText = calibration(request.getCalibration());
        JobSpec.Pruning pruning = PruningMapper.pruning(
                request.getPruning(),
                or(request.getOutput(), jobId),
                request.getScoring().getCriterion());
        JobSpec.Scoring scoring = scoring(request.getScoring(), pruning.target());
        return new JobSpec(
                jobId,
                request.getModel(),
                calibrationText,
                scoring,
                pruning,
                evaluation(request.getEvaluation(), calibrationText),
                export(request.getExport()),
                request.hasRecovery()
                        ? Optional.of(RecoveryMapper.recovery(request.getRecovery(), pruning.target()))
                        : Optional.empty(),
                request.getSeed());
    }

    private static JobSpec.Export export(Export export) {
        TargetRuntime runtime =
                TargetRuntime.named(choice(export.getRuntime(), "export.runtime", TargetRuntime.labels()));
        boolean needed = runtime == TargetRuntime.LLAMA_CPP || runtime == TargetRuntime.ANY;
        String type = choice(or(export.getGguf(), needed ? label(GgufType.F16) : NO_GGUF), "export.gguf", GGUF);
        if (needed && type.equals(NO_GGUF)) {
            throw invalid("export.gguf", "is none, but llama.cpp loads nothing else; name a type or leave it out");
        }
        return new JobSpec.Export(
                runtime,
                type.equals(NO_GGUF) ? Optional.empty() : Optional.of(GgufType.valueOf(type.toUpperCase(Locale.ROOT))));
    }

    static String label(GgufType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    private static JobSpec.Text calibration(Calibration calibration) {
        String windows =
                choice(calibration.getWindows(), "calibration.windows", List.of("joined", JobSpec.PER_DOCUMENT));
        return new JobSpec.Text(
                sources(calibration),
                count(calibration.getSamples(), 64, 1, MAX_WINDOWS, "calibration.samples"),
                count(calibration.getSequenceLength(), 128, 2, MAX_SEQUENCE, "calibration.sequence_length"),
                calibration.hasBos() ? Optional.of(calibration.getBos()) : Optional.empty(),
                windows.equals(JobSpec.PER_DOCUMENT));
    }

    private static List<JobSpec.Source> sources(Calibration calibration) {
        if (calibration.getTextsCount() == 0) {
            required(calibration.getText(), "calibration.text", "the text to measure importance on");
            return List.of(new JobSpec.Source(calibration.getText(), calibration.getTextField(), 1));
        }
        if (!calibration.getText().isEmpty() || !calibration.getTextField().isEmpty()) {
            throw invalid("calibration.texts", "is given beside another text; put that into the list");
        }
        if (calibration.getTextsCount() > MAX_TEXTS) {
            throw invalid(
                    "calibration.texts",
                    "has %d entries; at most %d".formatted(calibration.getTextsCount(), MAX_TEXTS));
        }
        List<JobSpec.Source> sources = new ArrayList<>();
        for (int i = 0; i < calibration.getTextsCount(); i++) {
            TextShare share = calibration.getTexts(i);
            String field = "calibration.texts[%d]".formatted(i);
            required(share.getText(), field + ".text", "the text to measure importance on");
            double weight = share.getWeight() == 0 ? 1 : share.getWeight();
            if (!(weight > 0 && weight <= MAX_WEIGHT)) {
                throw invalid(
                        field + ".weight", "is %s; it must be above 0 and at most %s".formatted(weight, MAX_WEIGHT));
            }
            sources.add(new JobSpec.Source(share.getText(), share.getTextField(), weight));
        }
        return sources;
    }

    private static JobSpec.Scoring scoring(Scoring scoring, Target target) {
        String criterion = or(scoring.getCriterion(), usualCriterion(target));
        boolean fms = criterion.equals("fms");
        JobSpec.Controls controls = JobSpec.Controls.valueOf(
                choice(scoring.getControls(), "scoring.controls", List.of("ranks", "perplexity", "off"))
                        .toUpperCase(Locale.ROOT));
        JobSpec.Gradient gradient = gradient(scoring.getGradient(), fms ? "zeroth-order" : "");
        if (!scoring.getScoresOf().isEmpty() && target instanceof Target.Weights) {
            throw invalid("scoring.scores_of", "is for targets units and layers: masks are not kept");
        }
        if (!scoring.getScoresOf().isEmpty() && target instanceof Target.Units units && units.sequential()) {
            throw invalid("scoring.scores_of", "cannot be used where pruning.selection is sequential");
        }
        return new JobSpec.Scoring(
                criterion,
                new CriterionOptions(
                        count(scoring.getMagnitudeP(), 1, 1, 2, "scoring.magnitude_p"),
                        scoring.getForm(),
                        scoring.hasWeight() ? OptionalDouble.of(scoring.getWeight()) : OptionalDouble.empty()),
                gradient,
                fms ? controls : JobSpec.Controls.OFF,
                scoring.getScoresOf());
    }

    private static String usualCriterion(Target target) {
        if (target instanceof Target.Units) {
            return "fms";
        }
        return target instanceof Target.Layers ? "block-influence" : "wanda";
    }

    private static JobSpec.Gradient gradient(GradientSource gradient, String defaultSource) {
        double epsilon = gradient.getEpsilon() == 0 ? 1e-3 : gradient.getEpsilon();
        if (!(epsilon > 0 && epsilon <= 1)) {
            throw invalid("scoring.gradient.epsilon", "is " + epsilon + "; it must be in (0, 1]");
        }
        String source = or(gradient.getSource(), defaultSource);
        boolean compared = !gradient.getCompare().isEmpty();
        if (compared && !(gradient.getCompare().equals("backprop") && source.equals("zeroth-order"))) {
            throw invalid(
                    "scoring.gradient.compare",
                    "is \"%s\" beside source \"%s\"; it must be backprop beside zeroth-order"
                            .formatted(Fields.shortened(gradient.getCompare()), Fields.shortened(source)));
        }
        return new JobSpec.Gradient(
                source,
                Distribution.named(or(gradient.getDistribution(), "gaussian")).spelled(),
                count(gradient.getDraws(), 8, 1, MAX_DRAWS, "scoring.gradient.draws"),
                epsilon,
                compared);
    }

    private static JobSpec.Evaluation evaluation(Evaluation evaluation, JobSpec.Text calibration) {
        if (evaluation.getText().isEmpty() && !evaluation.getTextField().isEmpty()) {
            throw invalid("evaluation.text_field", "is given without evaluation.text, whose rows it is about");
        }
        List<JobSpec.Source> sources = evaluation.getText().isEmpty()
                ? calibration.sources()
                : List.of(new JobSpec.Source(evaluation.getText(), evaluation.getTextField(), 1));
        int windows = count(evaluation.getMaxWindows(), 0, 0, MAX_WINDOWS, "evaluation.max_windows");
        int length = count(evaluation.getSequenceLength(), 128, 2, MAX_SEQUENCE, "evaluation.sequence_length");
        Optional<Boolean> begins = evaluation.hasBos() ? Optional.of(evaluation.getBos()) : Optional.empty();
        return new JobSpec.Evaluation(
                new JobSpec.Text(sources, windows, length, begins, false),
                !sources.equals(calibration.sources()),
                !evaluation.getSkipSpeed(),
                evaluation.getRuntime().isEmpty()
                        ? Optional.empty()
                        : Optional.of(SpeedRuntime.named(
                                choice(evaluation.getRuntime(), "evaluation.runtime", SpeedRuntime.labels()))),
                tasks(evaluation.getTasksList()),
                texts(evaluation.getTextsList()),
                prompts(evaluation));
    }

    private static JobSpec.Prompts prompts(Evaluation evaluation) {
        if (evaluation.getPromptsCount() == 0) {
            if (evaluation.getPromptTokens() != 0) {
                throw invalid("evaluation.prompt_tokens", "is given without evaluation.prompts, which it is about");
            }
            return JobSpec.Prompts.NONE;
        }
        if (evaluation.getPromptsCount() > MAX_PROMPTS) {
            throw invalid(
                    "evaluation.prompts",
                    "has %d entries; at most %d".formatted(evaluation.getPromptsCount(), MAX_PROMPTS));
        }
        for (int i = 0; i < evaluation.getPromptsCount(); i++) {
            int chars = evaluation.getPrompts(i).length();
            if (evaluation.getPrompts(i).isBlank() || chars > MAX_PROMPT_CHARS) {
                throw invalid(
                        "evaluation.prompts[%d]".formatted(i),
                        "has %d characters; it must have words, and at most %d".formatted(chars, MAX_PROMPT_CHARS));
            }
        }
        return new JobSpec.Prompts(
                evaluation.getPromptsList(),
                count(evaluation.getPromptTokens(), 48, 1, MAX_PROMPT_TOKENS, "evaluation.prompt_tokens"));
    }

    private static List<JobSpec.MeasuredText> texts(List<MeasuredText> texts) {
        if (texts.size() > MAX_TEXTS) {
            throw invalid("evaluation.texts", "has %d entries; at most %d".formatted(texts.size(), MAX_TEXTS));
        }
        List<JobSpec.MeasuredText> checked = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            MeasuredText text = texts.get(i);
            String field = "evaluation.texts[%d]".formatted(i);
            required(text.getText(), field + ".text", "the text to measure perplexity on");
            TextProtocol protocol = TextProtocol.named(text.getProtocol(), MAX_SEQUENCE)
                    .orElseThrow(() -> invalid(
                            field + ".protocol",
                            "is \"%s\"; it must be wikitext, or window-N with N from 2 to %d, such as window-2048"
                                    .formatted(Fields.shortened(text.getProtocol()), MAX_SEQUENCE)));
            checked.add(new JobSpec.MeasuredText(
                    new JobSpec.Source(text.getText(), text.getTextField(), 1),
                    protocol,
                    count(text.getLimit(), 0, 0, MAX_WINDOWS, field + ".limit")));
        }
        return checked;
    }

    private static List<JobSpec.TaskData> tasks(List<TaskData> tasks) {
        List<JobSpec.TaskData> checked = new ArrayList<>();
        for (int i = 0; i < tasks.size(); i++) {
            TaskData task = tasks.get(i);
            String field = "evaluation.tasks[%d]".formatted(i);
            ZeroShotTask named = ZeroShotTask.named(task.getTask())
                    .orElseThrow(() -> invalid(
                            field + ".task",
                            "is \"%s\"; it must be one of %s"
                                    .formatted(
                                            Fields.shortened(task.getTask()),
                                            String.join(", ", ZeroShotTask.names()))));
            if (checked.stream().anyMatch(other -> other.task() == named)) {
                throw invalid(field + ".task", "names %s a second time".formatted(named.label()));
            }
            required(task.getData(), field + ".data", "the file of questions");
            int limit = count(task.getLimit(), MAX_QUESTIONS, 1, MAX_QUESTIONS, field + ".limit");
            checked.add(new JobSpec.TaskData(named, task.getData(), limit));
        }
        return checked;
    }
}
