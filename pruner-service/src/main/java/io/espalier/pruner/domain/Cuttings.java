package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.job.Workspace;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.LayerRemoval;
import io.espalier.model.pruning.LayerSelection;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.PruningPass;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.sparsity.MaskFile;
import io.espalier.model.sparsity.MaskReport;
import io.espalier.model.sparsity.SparseGptPass;
import io.espalier.model.sparsity.SparsePass;
import io.espalier.model.sparsity.UpdateReport;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;

/**
 * Decides from a job's scores what goes.
 *
 * @param scores every score set of each layer in scope, the criterion's own first; empty where single weights go
 */
record Cuttings(
        Workspace workspace,
        JobSpec spec,
        Inspection inspection,
        Checkpoint checkpoint,
        SortedMap<Integer, Map<String, UnitScores>> scores) {
    Cutting of(PruneTask.Prune task) {
        Target target = spec.pruning().target();
        if (target instanceof Target.Units units) {
            return new UnitCutting(
                    new PruningPass(checkpoint, removed(units, task), units.compensation(), budget()),
                    workspace.calibration(spec, checkpoint));
        }
        if (target instanceof Target.Layers layers) {
            List<Integer> gone =
                    LayerSelection.select(layers.cuts().get(task.budget()).budget(), scope(), own(), checkpoint);
            return new LayerCutting(new LayerRemoval(checkpoint, gone));
        }
        return masked((Target.Weights) target, task);
    }

    private Cutting masked(Target.Weights weights, PruneTask.Prune task) {
        boolean sparsegpt = spec.scoring().criterion().equals(SparseGptPass.NAME);
        return new WeightCutting(
                checkpoint,
                (out, progress) -> sparsegpt ? updated(weights, out, progress) : masked(weights, task, out, progress));
    }

    private Cutting.Cut updated(Target.Weights weights, CheckpointWriter out, Progress progress) {
        int[][] windows = workspace.calibration(spec, checkpoint);
        List<UpdateReport> reports = new SparseGptPass(
                        checkpoint, windows, weights.pattern(), weights.linears(), scope(), budget())
                .run(out, progress);
        return new Cutting.Cut(
                List.of(),
                reports.stream().map(UpdateReport::mask).toList(),
                reports.stream().mapToDouble(UpdateReport::damping).max(),
                List.of());
    }

    /** With the very masks the scorer chose; their files' digests stand in the records that brought them here. */
    private Cutting.Cut masked(Target.Weights weights, PruneTask.Prune task, CheckpointWriter out, Progress progress) {
        List<MaskReport> masks = new SparsePass(checkpoint, scope())
                .run(
                        (layer, read) -> MaskFile.read(
                                workspace.artifacts().read(task.scores().get(layer.index() - inspection.firstLayer())),
                                layer,
                                weights.linears()),
                        out,
                        progress);
        return new Cutting.Cut(List.of(), masks, OptionalDouble.empty(), List.of());
    }

    private List<RemovedUnits> removed(Target.Units units, PruneTask.Prune task) {
        return spec.allocation(units, ModelLayout.of(checkpoint))
                .select(
                        units.cuts().get(task.budget()).budget(),
                        inspection.layers(),
                        scope(),
                        own(),
                        new PrunedTensors(checkpoint, units.compensation()));
    }

    private List<UnitScores> own() {
        return scores.values().stream()
                .map(sets -> sets.values().iterator().next())
                .toList();
    }

    private MemoryBudget budget() {
        return inspection.computation().budget();
    }

    private LayerScope scope() {
        return new LayerScope(inspection.firstLayer(), inspection.lastLayer());
    }
}
