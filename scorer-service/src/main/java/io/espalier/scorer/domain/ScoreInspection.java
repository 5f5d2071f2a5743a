package io.espalier.scorer.domain;

import io.espalier.job.Inputs;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.MeasuredTextRead;
import io.espalier.job.Recovery;
import io.espalier.job.Target;
import io.espalier.job.TaskRead;
import io.espalier.job.TextRead;
import io.espalier.job.Workspace;
import io.espalier.model.AttentionUnit;
import io.espalier.model.InvalidSetting;
import io.espalier.model.LayerShape;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Continuation;
import io.espalier.model.pruning.LayerSelection;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.recovery.LoraDistillation;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Engine;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.ModelSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Checks everything that a job names before any expensive work: outputs, checkpoint, layout, layers, budgets and texts. */
final class ScoreInspection {
    private static final int MAX_NOTES = 5;

    private final Workspace workspace;
    private final InspectionSettings settings;

    ScoreInspection(Workspace workspace, InspectionSettings settings) {
        this.workspace = workspace;
        this.settings = settings;
    }

    /** Does the work of {@link ScoreWork#inspect}. */
    Inspection inspect(JobSpec spec) {
        settings.quota().checkStored(workspace.artifacts());
        spec.outputsByField()
                .forEach((field, output) -> workspace.artifacts().requireFree(field, output, spec.jobId()));
        return workspace.inspect(spec, inputs -> inspect(spec, inputs));
    }

    private Inspection inspect(JobSpec spec, Inputs inputs) {
        Checkpoint checkpoint = inputs.checkpoint();
        ModelLayout layout = ModelLayout.of(checkpoint);
        long parameters = ModelSize.of(checkpoint.config(), checkpoint.tensors().values(), 1)
                .parameters();
        settings.quota().checkModel(parameters);
        LayerScope scope = LayerScope.parse(
                RuntimeCheck.layers(spec, checkpoint.config()),
                checkpoint.config().layers().size());
        requireNoGaps(spec, scope);
        ScoringStrategy strategy = ScoringStrategy.of(spec);
        checkBudgets(spec, checkpoint, layout, scope);
        RuntimeCheck.check(spec, checkpoint, layout, scope);
        strategy.check(layout);
        TextRead calibration = inputs.calibrationRead();
        TextRead evaluation = inputs.evaluationRead();
        int calibrationWindows = calibration.windows(spec.calibration());
        int evaluationWindows = evaluation.windows(spec.evaluation().text());
        int recoveryWindows = recoveryWindows(spec, inputs, layout);
        List<TaskRead> tasks = inputs.tasksRead();
        List<MeasuredTextRead> texts = inputs.textsRead();
        int prompt = inputs.longestPrompt(spec.evaluation().prompts());
        Computation computation = new Computation(
                ComputeType.of(settings.computeType(), checkpoint), new MemoryBudget(settings.memoryBudget()));
        new JobFootprint(
                        spec,
                        new Footprint(layout, computation),
                        scope,
                        parameters,
                        calibrationWindows,
                        evaluationWindows,
                        recoveryWindows,
                        tasks,
                        texts)
                .check();
        if (prompt > 0) {
            JobSpec.Prompts prompts = spec.evaluation().prompts();
            Footprint footprint = new Footprint(layout, computation);
            footprint.check(
                    "writing of samples",
                    Continuation.bytes(footprint, prompts.texts().size(), prompt + prompts.tokens()));
        }
        Engine.setThreads(settings.threads());
        var profile = Engine.profile();
        Inspection inspection = new Inspection(
                layout.family(),
                checkpoint.config().layers(),
                parameters,
                checkpoint.sha256(),
                inputs.calibrationSha256(),
                inputs.evaluationSha256(),
                calibrationWindows,
                evaluationWindows,
                scope.first(),
                scope.last(),
                scope.spared().stream().sorted().toList(),
                settings.threads(),
                computation,
                Map.of(
                        "engine", profile.engine(),
                        "device", profile.device(),
                        "instruction_set", profile.instructionSet()),
                inputs.files(),
                calibration,
                evaluation,
                tasks,
                texts,
                inputs.recoverySha256(),
                notes(checkpoint));
        strategy.check(inspection, workspace.artifacts());
        return inspection;
    }

    /**
     * Number of windows that a recovery learns from; 0 where there is none.
     *
     * @throws InvalidSetting when a batch and what is held out need more than the text has, or the model has not what adapters
     *     are asked for
     */
    private static int recoveryWindows(JobSpec spec, Inputs inputs, ModelLayout layout) {
        if (spec.recovery().isEmpty()) {
            return 0;
        }
        Recovery recovery = spec.recovery().get();
        recovery.lora().ifPresent(training -> LoraDistillation.check(layout, training));
        int windows = inputs.recovery().length;
        if (windows <= recovery.batch()) {
            throw new InvalidSetting(
                    Setting.RECOVERY_WINDOWS,
                    ("finds %d windows in %s, but a batch takes %d and some are held out; name a longer text, or"
                                    + " smaller batches (recovery.local.batch, recovery.lora.batch)")
                            .formatted(
                                    windows,
                                    recovery.text().isPresent() ? "recovery.text" : "the calibration text",
                                    recovery.batch()));
        }
        return windows;
    }

    /** A model with a buffer in each layer has as many lines; the first few tell the kind. */
    private static List<String> notes(Checkpoint checkpoint) {
        List<String> ignored = checkpoint.ignored();
        if (ignored.size() <= MAX_NOTES) {
            return ignored;
        }
        List<String> notes = new ArrayList<>(ignored.subList(0, MAX_NOTES));
        notes.add("and %d more tensors are left out".formatted(ignored.size() - MAX_NOTES));
        return notes;
    }

    /** Masks, and what is chosen behind layers already pruned, go through all layers from the first to the last. */
    private static void requireNoGaps(JobSpec spec, LayerScope scope) {
        Target target = spec.pruning().target();
        boolean inOneGo =
                target instanceof Target.Weights || (target instanceof Target.Units units && units.sequential());
        if (inOneGo && !scope.spared().isEmpty()) {
            throw new InvalidSetting(
                    Setting.LAYERS,
                    "has gaps, which targets N:M and unstructured and a sequential selection do not take; give one range");
        }
    }

    private static void requireSharedKeys(Target.Units units, List<LayerShape> layers) {
        if (units.attentionUnit() == AttentionUnit.QUERY_HEAD
                && layers.stream().allMatch(layer -> layer.headsPerGroup() == 1)) {
            throw new InvalidSetting(
                    Setting.ATTENTION_UNIT,
                    "is query-head, but in this model every query head has its own keys; leave it out");
        }
    }

    /** Checks that the layers in scope have enough units, or are enough layers, to meet every budget of the request. */
    private static void checkBudgets(JobSpec spec, Checkpoint checkpoint, ModelLayout layout, LayerScope scope) {
        Target target = spec.pruning().target();
        if (target instanceof Target.Units units) {
            requireSharedKeys(units, checkpoint.config().layers());
            PrunedTensors tensors = new PrunedTensors(checkpoint, units.compensation());
            for (Target.Variant variant : units.variants()) {
                spec.allocation(units, layout)
                        .check(variant.budget(), checkpoint.config().layers(), scope, tensors);
            }
        } else if (target instanceof Target.Layers layers) {
            layers.variants().forEach(variant -> LayerSelection.check(variant.budget(), scope, checkpoint));
        }
    }
}
