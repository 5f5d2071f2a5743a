package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.job.Target;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.sparsity.SparseGptPass;
import io.espalier.model.sparsity.UpdateReport;
import java.util.List;

/**
 * Chooses masks by SparseGPT and updates the weights they keep. It needs no scores: each mask depends on earlier
 * updates.
 */
record SparseGptUpdate(SparseGptPass pass) implements InPlaceEdit {
    static SparseGptUpdate of(Target.Weights weights, EditInputs inputs) {
        return new SparseGptUpdate(new SparseGptPass(
                inputs.checkpoint(),
                inputs.calibration(),
                weights.pattern(),
                weights.linears(),
                inputs.scope(),
                inputs.memoryBudget()));
    }

    @Override
    public Checkpoint checkpoint() {
        return pass.checkpoint();
    }

    @Override
    public EditReport write(CheckpointWriter out, Progress progress) {
        List<UpdateReport> reports = pass.run(out, progress);
        return EditReport.ofWeights(
                reports.stream().map(UpdateReport::mask).toList(),
                reports.stream().mapToDouble(UpdateReport::damping).max());
    }
}
