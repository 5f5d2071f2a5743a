package io.espalier.model.pruning;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;

/**
 * Visits the layers of a model in order. It removes units from each and repairs the layer by what the calibration text
 * shows.
 */
interface CalibrationPass extends AutoCloseable {
    /** Reads the weights of a layer that {@link #through} computes with. */
    default LayerWeights read(Checkpoint checkpoint, LayerLayout layer) {
        return LayerWeights.read(checkpoint, layer);
    }

    /** Whether {@link #through} must also be called for a layer that loses no units, so that the windows pass it. */
    default boolean passesEveryLayer() {
        return true;
    }

    /**
     * Removes units from a layer, repairs it, and takes the windows through it.
     *
     * @param destination for tensors that the pass writes early, to free their memory before the layer is finished
     */
    LayerRepair through(PrunedLayer layer, PrunedLayer.Destination destination);

    /** Calibration tokens that pass each layer. */
    long tokens();

    @Override
    void close();
}
