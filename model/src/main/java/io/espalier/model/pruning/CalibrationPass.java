package io.espalier.model.pruning;

/** Takes the layers of a model in order and repairs what they lose by what the calibration windows bring. */
interface CalibrationPass extends AutoCloseable {
    /** Cuts and repairs a layer, and carries the windows past it. */
    LayerRepair through(PrunedLayer layer);

    /** Tokens that go through each layer. */
    long tokens();

    @Override
    void close();
}
