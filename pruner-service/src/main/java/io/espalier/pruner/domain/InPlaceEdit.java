package io.espalier.pruner.domain;

import io.espalier.job.ScoreSets;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import java.util.List;

/** An edit that makes single weights zero where they are: tensor names, shapes and config stay. */
sealed interface InPlaceEdit extends CheckpointEdit permits WeightMasking, SparseGptUpdate {
    /** The dense model. */
    Checkpoint checkpoint();

    @Override
    default List<TensorInfo> tensors() {
        return List.copyOf(checkpoint().tensors().values());
    }

    @Override
    default WrittenConfig config() {
        return checkpoint().config().asItIs("weights became zero in place; every shape is as it was");
    }

    @Override
    default List<LayerShape> shapes() {
        return checkpoint().config().layers();
    }

    @Override
    default ScoreSets scores() {
        return ScoreSets.NONE;
    }
}
