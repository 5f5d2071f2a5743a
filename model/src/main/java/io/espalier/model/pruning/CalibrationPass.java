package io.espalier.model.pruning;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;

/** Takes the layers of a model in order and repairs what they lose by what the calibration windows bring. */
interface CalibrationPass extends AutoCloseable {
    /** What {@link #through} needs of a layer. */
    default LayerWeights read(Checkpoint checkpoint, LayerLayout layer) {
        return LayerWeights.read(checkpoint, layer);
    }

    /** Whether a layer that loses nothing must be shown all the same. */
    default boolean passesEveryLayer() {
        return true;
    }

    /**
     * Cuts and repairs a layer, and carries the windows past it.
     *
     * @param destination of what a pass cannot keep until all of the layer is written
     */
    LayerRepair through(PrunedLayer layer, PrunedLayer.Destination destination);

    /** Tokens that go through each layer. */
    long tokens();

    @Override
    void close();
}
