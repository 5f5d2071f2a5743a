package io.espalier.model.pruning;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;

/**
 * What the kept columns of a linear layer do about the removed ones, by ridge regression on the layer's own calibration
 * input: with {@code H = XᵀX} and {@code λ = 0.01·mean(diag H_KK)},
 * {@code W'_K = (W H[:,K] + λ W_K)(H_KK + λI)⁻¹}. It minimises {@code ‖XWᵀ − X_K W'ᵀ‖² + λ‖W' − W_K‖²}, so the
 * reconstruction is never worse than with the columns merely dropped.
 */
final class LeastSquares {
    private static final double RELATIVE_RIDGE = 0.01;
    private static final double DAMPING_STEP = 10;
    /** Beyond, W' could hardly be told from W_K. */
    private static final double MOST_DAMPING = 1e6;

    private LeastSquares() {}

    /**
     * @param weight W'_K, [out, kept]
     * @param damping ridge used over the one asked for; 1 unless the system was not positive definite; 0 when the
     *     kept columns stay as they are because nothing ever entered them
     */
    record Solution(Tensor weight, double damping) {}

    /**
     * @param weight W [out, in]
     * @param gram H [in, in]
     * @param kept columns that stay, ascending
     */
    static Solution solve(Tensor weight, Tensor gram, int[] kept, Scope scope) {
        Kernels kernels = new Kernels(scope);
        Tensor dropped = kernels.select(weight, 1, kept);
        try (Tensor columns = scope.positions(kept)) {
            double ridge = RELATIVE_RIDGE * kernels.meanDiagonal(gram, columns);
            for (double damping = 1; ridge > 0 && damping <= MOST_DAMPING; damping *= DAMPING_STEP) {
                Tensor repaired = kernels.ridge(weight, gram, columns, ridge * damping);
                if (repaired.elements() > 0) {
                    dropped.close();
                    return new Solution(repaired, damping);
                }
                repaired.close();
            }
        }
        return new Solution(dropped, 0);
    }

    /**
     * {@code ‖XWᵀ − X_K W'ᵀ‖² / ‖XWᵀ‖²}; 0 where the layer gives nothing anyway.
     *
     * @param repaired W'_K, [out, kept]
     */
    static double relativeError(Tensor weight, Tensor gram, int[] kept, Tensor repaired, Scope scope) {
        Kernels kernels = new Kernels(scope);
        try (Tensor columns = scope.positions(kept);
                Tensor none = scope.positions(new int[0]);
                Tensor nothing = kernels.select(weight, 1, new int[0])) {
            double whole = kernels.reconstructionError(weight, gram, none, nothing);
            return whole > 0 ? kernels.reconstructionError(weight, gram, columns, repaired) / whole : 0;
        }
    }
}
