package io.espalier.job;

import io.espalier.model.evaluation.TextProtocol;
import io.espalier.model.export.GgufType;
import io.espalier.model.export.TargetRuntime;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.pruning.Allocation;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.zeroshot.ZeroShotTask;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A prune request with every default filled in and every field checked; what the domain of each stage works from.
 *
 * @param model checkpoint folder as the user named it, inside the model root
 * @param recovery how what is left is trained; empty for not at all
 * @param seed every random choice is a pure function of it
 */
public record JobSpec(
        String jobId,
        String model,
        Text calibration,
        Scoring scoring,
        Pruning pruning,
        Evaluation evaluation,
        Export export,
        Optional<Recovery> recovery,
        long seed) {
    /** How windows are cut where each comes from another document. */
    static final String PER_DOCUMENT = "per-document";

    /**
     * @param sources what is read, in this order
     * @param windows of all sources together; 0 takes all there are
     * @param sequenceLength tokens per window
     * @param begins whether windows begin with the token that begins a sequence; empty: as the tokenizer has it
     * @param perDocument one window of each document that is long enough, instead of windows of all documents joined
     */
    public record Text(
            List<Source> sources, int windows, int sequenceLength, Optional<Boolean> begins, boolean perDocument) {
        public Text {
            sources = List.copyOf(sources);
        }

        /** Windows of another text, cut as these are. */
        Text of(Source source) {
            return new Text(List.of(source), windows, sequenceLength, begins, perDocument);
        }

        /** The same with another number of windows. */
        Text withWindows(int number) {
            return new Text(sources, number, sequenceLength, begins, perDocument);
        }

        /** Joined windows of one text, which begin as the tokenizer has it. */
        public static Text of(String uri, int windows, int sequenceLength) {
            return new Text(List.of(new Source(uri, "", 1)), windows, sequenceLength, Optional.empty(), false);
        }
    }

    /**
     * @param uri of a file or folder inside the text root
     * @param column where rows have their text; empty: where they usually have it
     * @param weight share of the windows that comes from here, against those of the other sources
     */
    public record Source(String uri, String column, double weight) {}

    /**
     * @param criterion name in the table of criteria
     * @param scoresOf output of an earlier job whose scores are used; empty to make them
     */
    public record Scoring(
            String criterion, CriterionOptions options, Gradient gradient, Controls controls, String scoresOf) {
        /** Whether the scores come from an earlier job. */
        public boolean reused() {
            return !scoresOf.isEmpty();
        }
    }

    /** Which controls show how much the gradient of {@code fms} decides. */
    public enum Controls {
        OFF,
        /** Controls are scored beside the criterion, and their rank correlation with it is reported. */
        RANKS,
        /** The same, and the dense model is measured without the units that each score set would remove. */
        PERPLEXITY
    }

    /**
     * @param source "zeroth-order", "backprop" or empty where none is named
     * @param distribution of the perturbation: "gaussian", "rademacher" or "rank-one"
     * @param epsilon step of the central difference
     * @param compared whether exact gradients score beside it
     */
    public record Gradient(String source, String distribution, int draws, double epsilon, boolean compared) {}

    /** @param layers "default", "all" or "first:last" */
    public record Pruning(String layers, Target target) {}

    /** Names of the artifact folders that this job creates, each under the field of the request that gives it. */
    public Map<String, String> outputsByField() {
        Map<String, String> byField = new LinkedHashMap<>(pruning.target().outputsByField());
        if (keepsUnrecovered()) {
            pruning.target()
                    .outputsByField()
                    .forEach((field, output) ->
                            byField.put(Recovery.KEEP_UNRECOVERED + " of " + field, Recovery.unrecovered(output)));
        }
        return byField;
    }

    /** Whether the checkpoints stay as they were before the recovery, beside what it makes of them. */
    public boolean keepsUnrecovered() {
        return recovery.map(Recovery::keepUnrecovered).orElse(false);
    }

    /** The criterion that ranks the units or layers of this job; its name is that of its score set. */
    public Criterion criterion() {
        return Criterion.named(scoring.criterion(), scoring.options());
    }

    /**
     * How this job spreads a budget of units over the layers of a model. For a search this is the uniform allocation: what
     * that leaves is the most that the search may leave, so a budget can be met by both or by neither.
     */
    public Allocation allocation(Target.Units units, ModelLayout layout) {
        if (units.search().isPresent()) {
            return new UniformAllocation(units.rounding());
        }
        return Allocation.named(
                units.allocation(), units.rounding(), layout, criterion().standardized());
    }

    /**
     * @param heldOut whether the text differs from the calibration text
     * @param speed whether prefill and decode are timed
     * @param runtime that they are timed in; empty: llama.cpp if it can be, else the engine of this program
     * @param tasks that the models are asked
     * @param texts that they are measured on beside {@code text}
     * @param prompts that they continue
     */
    public record Evaluation(
            Text text,
            boolean heldOut,
            boolean speed,
            Optional<SpeedRuntime> runtime,
            List<TaskData> tasks,
            List<MeasuredText> texts,
            Prompts prompts) {
        public Evaluation {
            tasks = List.copyOf(tasks);
            texts = List.copyOf(texts);
        }

        /** Whether llama.cpp must time the models, which not every model allows. */
        public boolean needsLlamaCpp() {
            return speed && runtime.equals(Optional.of(SpeedRuntime.LLAMA_CPP));
        }
    }

    /** @param tokens that each model writes behind each at most */
    public record Prompts(List<String> texts, int tokens) {
        public static final Prompts NONE = new Prompts(List.of(), 0);

        public Prompts {
            texts = List.copyOf(texts);
        }
    }

    /** @param limit of the windows, or pages, from the start of the text; 0 takes all */
    public record MeasuredText(Source source, TextProtocol protocol, int limit) {}

    /**
     * @param uri of a file of questions inside the text root
     * @param limit of the questions from the start of the file
     */
    public record TaskData(ZeroShotTask task, String uri, int limit) {}

    /**
     * @param runtime that must load every checkpoint of the job
     * @param gguf type of the weights of a GGUF file beside each checkpoint; empty for none
     */
    public record Export(TargetRuntime runtime, Optional<GgufType> gguf) {
        /** A checkpoint for transformers alone. */
        public static final Export TRANSFORMERS = new Export(TargetRuntime.TRANSFORMERS, Optional.empty());
    }
}
