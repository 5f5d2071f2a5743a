package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.job.JobSpec;
import io.espalier.job.ScoreSets;
import io.espalier.job.Target;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.Allocation;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.PruningPass;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.Map;

/**
 * Removes heads (or KV groups) and FFN channels, and repairs the layers that lost them.
 *
 * @param windows [windows, tokens] of the calibration text
 */
record UnitRemoval(PruningPass pass, int[][] windows, ScoreSets scores) implements CheckpointEdit {
    static UnitRemoval of(Target.Units units, EditInputs inputs) {
        JobSpec spec = inputs.job().spec();
        ScoreSets scores = inputs.scores();
        Map<Integer, UnitScores> ranking = scores.of(spec.criterion().name());
        List<RemovedUnits> removed = inputs.task()
                .search()
                .map(chosen -> searched(chosen, units, inputs, ranking))
                .orElseGet(() -> allocated(units, inputs, ranking));
        return new UnitRemoval(
                new PruningPass(inputs.checkpoint(), removed, units.compensation(), inputs.memoryBudget()),
                inputs.calibration(),
                scores);
    }

    private static List<RemovedUnits> allocated(
            Target.Units units, EditInputs inputs, Map<Integer, UnitScores> ranking) {
        return inputs.job()
                .spec()
                .allocation(units, ModelLayout.of(inputs.checkpoint()))
                .select(
                        units.variant(inputs.task().output()).budget(),
                        inputs.checkpoint().config().layers(),
                        inputs.scope(),
                        ranking,
                        new PrunedTensors(inputs.checkpoint(), units.compensation()));
    }

    private static List<RemovedUnits> searched(
            ChosenShapes chosen, Target.Units units, EditInputs inputs, Map<Integer, UnitScores> ranking) {
        List<LayerShape> left = chosen.shapes().stream()
                .map(shape -> shape.in(units.attentionUnit()))
                .toList();
        return Allocation.removed(inputs.checkpoint().config().layers(), left, inputs.scope(), ranking);
    }

    @Override
    public List<TensorInfo> tensors() {
        return pass.tensors();
    }

    @Override
    public WrittenConfig config() {
        return pass.config();
    }

    @Override
    public List<LayerShape> shapes() {
        return pass.shapes();
    }

    @Override
    public EditReport write(CheckpointWriter out, Progress progress) {
        return EditReport.ofUnits(pass.run(windows, out, progress));
    }
}
