package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.pruning.PruningPass;
import java.util.List;
import java.util.OptionalDouble;

/** Removes heads (or KV groups) and FFN channels and repairs what is left. */
record UnitCutting(PruningPass pass, int[][] windows) implements Cutting {
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
    public Cut write(CheckpointWriter out, Progress progress) {
        return new Cut(pass.run(windows, out, progress), List.of(), OptionalDouble.empty(), List.of());
    }
}
