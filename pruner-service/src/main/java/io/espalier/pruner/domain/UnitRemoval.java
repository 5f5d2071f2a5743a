package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.job.JobSpec;
import io.espalier.job.ScoreSets;
import io.espalier.job.Target;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.PruningPass;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;

/**
 * Removes heads (or KV groups) and FFN channels, and repairs the layers that lost them.
 *
 * @param windows [windows, tokens] of the calibration text
 */
record UnitRemoval(PruningPass pass, int[][] windows, ScoreSets scores) implements CheckpointEdit {
    static UnitRemoval of(Target.Units units, EditInputs inputs) {
        JobSpec spec = inputs.job().spec();
        ScoreSets scores = inputs.scores();
        List<RemovedUnits> removed = spec.allocation(units, ModelLayout.of(inputs.checkpoint()))
                .select(
                        units.variant(inputs.task().output()).budget(),
                        inputs.checkpoint().config().layers(),
                        inputs.scope(),
                        scores.of(spec.criterion().name()),
                        new PrunedTensors(inputs.checkpoint(), units.compensation()));
        return new UnitRemoval(
                new PruningPass(inputs.checkpoint(), removed, units.compensation(), inputs.memoryBudget()),
                inputs.calibration(),
                scores);
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
