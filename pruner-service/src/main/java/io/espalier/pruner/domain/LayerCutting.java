package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.pruning.LayerRemoval;
import java.util.List;
import java.util.OptionalDouble;

/** Removes whole layers. */
record LayerCutting(LayerRemoval removal) implements Cutting {
    @Override
    public List<TensorInfo> tensors() {
        return removal.tensors();
    }

    @Override
    public WrittenConfig config() {
        return removal.config();
    }

    @Override
    public List<LayerShape> shapes() {
        return removal.shapes();
    }

    @Override
    public Cut write(CheckpointWriter out, Progress progress) {
        removal.run(out, progress);
        return new Cut(List.of(), List.of(), OptionalDouble.empty(), removal.kept());
    }
}
