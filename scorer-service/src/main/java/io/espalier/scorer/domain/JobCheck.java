package io.espalier.scorer.domain;

import io.espalier.job.Inputs;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.MeasuredTextRead;
import io.espalier.job.Recovery;
import io.espalier.job.Target;
import io.espalier.job.TextRead;
import io.espalier.job.Workspace;
import io.espalier.model.LayerShape;
import io.espalier.model.artifact.ModelRoot;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.pruning.Allocation;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a job would do, found out by its own inspection and without running anything. */
public final class JobCheck {
    private JobCheck() {}

    /**
     * What a checkpoint is.
     *
     * @param root that every link of the checkpoint must lead into
     * @return lines for people
     * @throws io.espalier.base.EspalierException as a job on it would be refused
     */
    public static List<String> model(Path root, String model) {
        try (Checkpoint checkpoint = Checkpoint.open(new ModelRoot(root).resolve(model), root)) {
            return ModelFacts.of(checkpoint);
        }
    }

    /**
     * What a checkpoint is, and what a request would make of it.
     *
     * @return lines for people
     * @throws io.espalier.base.EspalierException as the request would be refused
     */
    public static List<String> job(Workspace workspace, JobSpec spec, InspectionSettings settings) {
        Inspection inspection = new ScoreWork(workspace).inspect(spec, settings);
        return workspace.read(spec, inspection, inputs -> lines(spec, inspection, inputs));
    }

    private static List<String> lines(JobSpec spec, Inspection inspection, Inputs inputs) {
        Checkpoint checkpoint = inputs.checkpoint();
        List<String> lines = new ArrayList<>(ModelFacts.of(checkpoint));
        lines.add("");
        lines.add(text("calibration", inspection.calibration(), inspection.calibrationWindows()));
        lines.add(text("evaluation", inspection.evaluation(), inspection.evaluationWindows()));
        if (spec.pruning().target() instanceof Target.Units units) {
            lines.addAll(sizes(spec, units, inspection, checkpoint));
        }
        int recovery = spec.recovery().isPresent() ? inputs.recovery().length : 0;
        spec.recovery().ifPresent(asked -> lines.add(recovery(asked, recovery)));
        for (int i = 0; i < inspection.texts().size(); i++) {
            MeasuredTextRead read = inspection.texts().get(i);
            lines.add(String.format(
                    Locale.ROOT,
                    "%s by %s: %,d windows, %,d predictions; documents: %,d",
                    spec.evaluation().texts().get(i).source().uri(),
                    read.protocol().label(),
                    read.windows(),
                    read.predictions(),
                    read.documents()));
        }
        inspection
                .tasks()
                .forEach(task -> lines.add(String.format(
                        Locale.ROOT, "%s: %,d questions", task.task().label(), task.questions())));
        lines.add(memory(spec, inspection, checkpoint, recovery));
        return lines;
    }

    private static String text(String kind, TextRead read, int windows) {
        return String.format(
                Locale.ROOT,
                "%s: %,d windows, %,d tokens; documents: %,d",
                kind,
                windows,
                read.tokens(),
                read.documents());
    }

    /** How large each checkpoint will be, and why a share of units is another share of the parameters. */
    private static List<String> sizes(JobSpec spec, Target.Units units, Inspection inspection, Checkpoint checkpoint) {
        List<LayerShape> dense = checkpoint.config().layers();
        LayerScope scope = inspection.scope();
        PrunedTensors tensors = new PrunedTensors(checkpoint, units.compensation());
        long all = tensors.parameters();
        Allocation allocation = spec.allocation(units, ModelLayout.of(checkpoint));
        long least =
                tensors.parameters(scope.map(dense, shape -> new UniformAllocation(units.rounding()).left(shape, 1)));
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "layers %s of %d lose units, which are %.1f%% of all parameters",
                scope.words(),
                dense.size(),
                100.0 * (all - least) / all));
        if (!units.uniform() && units.search().isEmpty()) {
            lines.add("what each layer keeps follows from the scores");
            return lines;
        }
        if (units.search().isPresent()) {
            lines.add(
                    "what each layer keeps follows from what is measured; all together keep at most what uniform would:");
        }
        for (Target.Variant variant : units.variants()) {
            List<LayerShape> left = variant.budget().spend(allocation.shapes(dense, scope, Map.of()), tensors);
            LayerShape shape = left.get(scope.first());
            lines.add(String.format(
                    Locale.ROOT,
                    "%s: %d query heads, %d KV heads and %,d FFN channels stay in each, %,d parameters (%.1f%%), %,d bytes",
                    variant.output(),
                    shape.heads(),
                    shape.kvHeads(),
                    shape.ffnChannels(),
                    tensors.parameters(left),
                    100.0 * tensors.parameters(left) / all,
                    tensors.bytes(left)));
        }
        return lines;
    }

    private static String recovery(Recovery asked, int windows) {
        List<String> ways = new ArrayList<>();
        asked.local()
                .ifPresent(training -> ways.add(String.format(
                        Locale.ROOT,
                        "%,d steps in each layer, %s",
                        training.steps(),
                        training.sequential() ? "one layer after the other" : "layers side by side")));
        asked.lora()
                .ifPresent(training -> ways.add(String.format(
                        Locale.ROOT, "adapters of rank %d, %,d steps", training.rank(), training.steps())));
        return String.format(
                Locale.ROOT, "recovery: learns from %,d windows; %s", windows, String.join("; then ", ways));
    }

    private static String memory(JobSpec spec, Inspection inspection, Checkpoint checkpoint, int recovery) {
        MemoryBudget budget = inspection.computation().budget();
        List<Need> needs = new JobFootprint(
                        spec,
                        new Footprint(ModelLayout.of(checkpoint), inspection.computation()),
                        inspection.scope(),
                        inspection.parameters(),
                        inspection.calibrationWindows(),
                        inspection.evaluationWindows(),
                        recovery,
                        inspection.tasks(),
                        inspection.texts())
                .needs();
        Need most = Collections.max(needs, Comparator.comparingLong(Need::bytes));
        return String.format(
                Locale.ROOT,
                "memory: at most %,d bytes, in %s; the default of espalier.memory.budget is %,d",
                most.bytes(),
                most.what(),
                budget.bytes());
    }
}
