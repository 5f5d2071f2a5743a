package io.espalier.model.pruning;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;

/**
 * Removes units without reading any calibration text. Stored weights are copied a few rows at a time and never
 * converted.
 */
record PassWithoutRepair() implements CalibrationPass {
    @Override
    public LayerWeights read(Checkpoint checkpoint, LayerLayout layer) {
        return LayerWeights.none();
    }

    @Override
    public boolean passesEveryLayer() {
        return false;
    }

    @Override
    public LayerRepair through(PrunedLayer layer, PrunedLayer.Destination destination) {
        layer.cutWhenWritten();
        return new LayerRepair(layer.index(), LinearRepair.UNTOUCHED, LinearRepair.UNTOUCHED);
    }

    @Override
    public long tokens() {
        return 0;
    }

    @Override
    public void close() {}
}
