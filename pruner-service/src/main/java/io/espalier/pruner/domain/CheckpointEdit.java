package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.job.ScoreSets;
import io.espalier.job.Target;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.sparsity.MaskCriterion;
import java.util.List;

/**
 * One way to make a smaller checkpoint out of a dense one. An edit knows from the start which tensors, config and
 * shapes it will write.
 */
sealed interface CheckpointEdit permits UnitRemoval, WholeLayerRemoval, InPlaceEdit {
    /** The edit that a job's target and criterion ask for. */
    static CheckpointEdit of(EditInputs inputs) {
        Target target = inputs.job().spec().pruning().target();
        if (target instanceof Target.Units units) {
            return UnitRemoval.of(units, inputs);
        }
        if (target instanceof Target.Layers layers) {
            return WholeLayerRemoval.of(layers, inputs);
        }
        Target.Weights weights = (Target.Weights) target;
        return MaskCriterion.chosenByPruner(inputs.job().spec().scoring().criterion())
                ? SparseGptUpdate.of(weights, inputs)
                : WeightMasking.of(weights, inputs);
    }

    /** Every tensor that will be written. */
    List<TensorInfo> tensors();

    WrittenConfig config();

    /** Shape of each layer that is left. */
    List<LayerShape> shapes();

    /** The unit scores that chose what goes; empty where single weights go. */
    ScoreSets scores();

    /**
     * Writes every tensor of {@link #tensors()}. The same inputs give the same bytes.
     *
     * @param out declared with {@link #tensors()}; not finished here
     */
    EditReport write(CheckpointWriter out, Progress progress);
}
