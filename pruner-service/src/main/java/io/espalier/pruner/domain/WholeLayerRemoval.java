package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.job.ScoreSets;
import io.espalier.job.Target;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.pruning.LayerRemoval;
import io.espalier.model.pruning.LayerSelection;
import java.util.List;

/** Removes whole decoder layers. */
record WholeLayerRemoval(LayerRemoval removal, ScoreSets scores) implements CheckpointEdit {
    static WholeLayerRemoval of(Target.Layers layers, EditInputs inputs) {
        ScoreSets scores = inputs.scores();
        List<Integer> removed = LayerSelection.select(
                layers.variant(inputs.task().output()).budget(),
                inputs.scope(),
                scores.of(inputs.job().spec().criterion().name()),
                inputs.checkpoint());
        return new WholeLayerRemoval(new LayerRemoval(inputs.checkpoint(), removed), scores);
    }

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
    public EditReport write(CheckpointWriter out, Progress progress) {
        removal.run(out, progress);
        return EditReport.ofLayers(removal.kept());
    }
}
