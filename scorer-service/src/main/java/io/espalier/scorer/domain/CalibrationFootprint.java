package io.espalier.scorer.domain;

import io.espalier.model.importance.Backprop;
import io.espalier.model.transformer.Footprint;

/**
 * The sizes that determine how much memory a pass over the calibration text needs.
 *
 * @param parameters number of parameters of the dense model
 * @param windows number of windows of the calibration text
 * @param length tokens of a window
 */
record CalibrationFootprint(Footprint footprint, long parameters, int windows, int length) {
    /** The need of a pass over all windows. */
    Need need(String what, long bytes) {
        return Need.of(what, windows, length, bytes);
    }

    /**
     * The need of a pass that computes exact gradients.
     *
     * @param squares whether the pass also sums the squared gradients of each sample
     * @param estimates whether matrices of a gradient estimate are rebuilt at the same time
     */
    Need backprop(boolean squares, boolean estimates) {
        return need("exact gradients of half a layer", Backprop.bytes(footprint, windows, length, squares, estimates));
    }
}
