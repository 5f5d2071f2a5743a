package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import java.util.List;

/**
 * Makes single weights zero in place: shapes, names and config stay.
 *
 * @param pass which weights, and what becomes of the others
 */
record WeightCutting(Checkpoint checkpoint, Pass pass) implements Cutting {
    /** Writes every tensor of the checkpoint. */
    @FunctionalInterface
    interface Pass {
        Cut run(CheckpointWriter out, Progress progress);
    }

    @Override
    public List<TensorInfo> tensors() {
        return List.copyOf(checkpoint.tensors().values());
    }

    @Override
    public WrittenConfig config() {
        return new WrittenConfig(
                checkpoint.config().json(), Profile.UNIFORM, "weights became zero in place; every shape is as it was");
    }

    @Override
    public List<LayerShape> shapes() {
        return checkpoint.config().layers();
    }

    @Override
    public Cut write(CheckpointWriter out, Progress progress) {
        return pass.run(out, progress);
    }
}
