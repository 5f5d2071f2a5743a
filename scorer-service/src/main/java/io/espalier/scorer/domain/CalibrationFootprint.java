package io.espalier.scorer.domain;

import io.espalier.model.importance.Backprop;
import io.espalier.model.transformer.Footprint;

/**
 * What the memory of passes over the calibration text depends on.
 *
 * @param parameters of the dense model
 * @param windows of the calibration text
 * @param length tokens of a window
 */
record CalibrationFootprint(Footprint footprint, long parameters, int windows, int length) {
    /** Of a pass over all windows. */
    Need need(String what, long bytes) {
        return Need.of(what, windows, length, bytes);
    }

    /**
     * Of exact gradients.
     *
     * @param squares whether each sample's squared gradients are summed up too
     * @param estimates whether matrices of a gradient estimate are rebuilt beside them
     */
    Need backprop(boolean squares, boolean estimates) {
        return need("exact gradients of half a layer", Backprop.bytes(footprint, windows, length, squares, estimates));
    }
}
