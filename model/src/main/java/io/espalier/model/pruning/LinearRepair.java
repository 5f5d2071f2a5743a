package io.espalier.model.pruning;

/**
 * What compensation did to one linear layer, on the calibration text.
 *
 * @param errorNone relative squared error {@code ‖Y − X_K W_Kᵀ‖² / ‖Y‖²} of the output Y that is to be reproduced, when
 *     the lost columns are merely dropped
 * @param error the same error with compensation
 * @param damping the ridge that was used, as a multiple of the one asked for: 1 unless the Gram matrix was not positive
 *     definite; 0 when the kept columns only ever saw zeros and keep their weights
 */
public record LinearRepair(double errorNone, double error, double damping) {
    /** The repair of a linear layer that loses no columns. */
    static final LinearRepair UNTOUCHED = new LinearRepair(0, 0, 1);

    /**
     * A repair from squared norms. Where the layer's output is zero, the errors are 0.
     *
     * @param missing ‖Y − X_K W_Kᵀ‖²
     * @param left the same after the repair
     * @param whole ‖Y‖²
     */
    static LinearRepair of(double missing, double left, double whole, double damping) {
        return whole > 0 ? new LinearRepair(missing / whole, left / whole, damping) : new LinearRepair(0, 0, damping);
    }
}
