package io.espalier.model.pruning;

/**
 * What compensation did to one linear layer, on the calibration text.
 *
 * @param errorNone relative error {@code ‖Y − X'W'ᵀ‖² / ‖Y‖²} of the output Y to reproduce, had the columns merely been
 *     dropped
 * @param error the same with compensation
 * @param damping ridge used over the one asked for; 1 unless the Gram matrix was not positive definite; 0 when the
 *     kept columns stay as they are because nothing ever entered them
 */
public record LinearRepair(double errorNone, double error, double damping) {
    /** Of a layer that loses nothing. */
    static final LinearRepair UNTOUCHED = new LinearRepair(0, 0, 1);

    /**
     * From squared norms; where the layer gives nothing anyway, nothing is wrong.
     *
     * @param missing ‖Y − X_K W_Kᵀ‖²
     * @param left the same after the repair
     * @param whole ‖Y‖²
     */
    static LinearRepair of(double missing, double left, double whole, double damping) {
        return whole > 0 ? new LinearRepair(missing / whole, left / whole, damping) : new LinearRepair(0, 0, damping);
    }
}
