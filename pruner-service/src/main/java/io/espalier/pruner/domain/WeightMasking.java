package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.job.Target;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.sparsity.MaskFile;
import io.espalier.model.sparsity.MaskReport;
import io.espalier.model.sparsity.SparsePass;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Applies the very masks that the scorer chose. The task names the file of each layer's masks with its digest, so no
 * other mask can take its place.
 */
record WeightMasking(SparsePass pass, SparsePass.MaskSource masks) implements InPlaceEdit {
    static WeightMasking of(Target.Weights weights, EditInputs inputs) {
        return new WeightMasking(
                new SparsePass(inputs.checkpoint(), inputs.scope()),
                (layer, read) -> MaskFile.read(inputs.file(layer.index()), layer, weights.linears()));
    }

    @Override
    public Checkpoint checkpoint() {
        return pass.checkpoint();
    }

    @Override
    public EditReport write(CheckpointWriter out, Progress progress) {
        List<MaskReport> reports = pass.run(masks, out, progress);
        return EditReport.ofWeights(reports, OptionalDouble.empty());
    }
}
