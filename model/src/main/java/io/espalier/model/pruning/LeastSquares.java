package io.espalier.model.pruning;

import io.espalier.model.tensor.Damping;
import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.RepairKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Optional;

/**
 * Repairs the kept input columns of a linear layer by ridge regression on its calibration input X [tokens, in]. With
 * {@code H = XᵀX} and {@code λ = 0.01·mean(diag H_KK)}, {@code W'_K = (W H[:,K] + λ W_K)(H_KK + λI)⁻¹}. It minimises
 * {@code ‖Y − X_K W'ᵀ‖² + λ‖W' − W_K‖²} for the output {@code Y = XWᵀ}, so the output is never further from Y than with
 * the columns merely dropped.
 *
 * <p>With the blended target, Y is the mean of {@code XWᵀ} and {@code ZWᵀ}, where Z is the layer's input in the dense
 * model. This also repairs half of the error that earlier layers brought into the output.
 *
 * <p>Computed as {@code W'_K = W_K + R (H_KK + λI)⁻¹} with {@code R = (Y − X_K W_Kᵀ)ᵀ X_K}, which is equal and needs
 * only the [kept, kept] part of H.
 */
final class LeastSquares {
    private final LostColumns columns;
    private final boolean blended;
    private final RepairKernels.Residuals sums;
    private final Scope scope;

    /**
     * @param blended whether {@link #add} also gets the layer's input in the dense model
     * @param scope owns the sums
     */
    LeastSquares(LostColumns columns, boolean blended, Scope scope) {
        this(columns, blended, zeroSums(columns, scope), scope);
    }

    /** Continues from sums over earlier tokens. */
    LeastSquares(LostColumns columns, boolean blended, RepairKernels.Residuals sums, Scope scope) {
        this.columns = columns;
        this.blended = blended;
        this.sums = sums;
        this.scope = scope;
    }

    private static RepairKernels.Residuals zeroSums(LostColumns columns, Scope scope) {
        Kernels kernels = new Kernels(scope);
        int outputs = columns.weight().dim(0);
        int kept = Math.toIntExact(columns.kept().elements());
        return new RepairKernels.Residuals(
                GramSystem.zeros(kept, scope), kernels.zeros(outputs, kept), kernels.zeros64(1, 2));
    }

    /**
     * Adds calibration tokens.
     *
     * @param x input of the layer, [b, t, in]; with the blended target [2b, t, in], the input in the dense model first
     */
    void add(Tensor x) {
        new RepairKernels(scope)
                .accumulateResidual(
                        sums, x, columns.weight(), columns.lostWeight(), columns.kept(), columns.removed(), blended);
    }

    /** @param weight W'_K, [out, kept] */
    record Solution(Tensor weight, LinearRepair repair) {}

    /**
     * Solves for the kept columns; no tokens can be added afterwards. If the kept columns only ever saw zeros, they
     * keep their weights and the damping is reported as 0.
     */
    Solution solve() {
        columns.lostWeight().close();
        Optional<Damping> damped = solved();
        Tensor residual = sums.residual();
        LinearRepair repair = damped.map(this::repaired).orElseGet(this::untouched);
        try (Tensor kept = columns.keptWeight(scope)) {
            // The residual R, the update Δ and W'_K use one buffer in turn: each is as large as the layer's weight.
            if (damped.isPresent()) {
                new Kernels(scope).addInPlace(residual, kept);
            } else {
                new Kernels(scope).replace(residual, kept);
            }
        }
        return new Solution(residual, repair);
    }

    /** The change of the squared error ‖Y − X_K W_Kᵀ‖²; empty if the kept columns only ever saw zeros. */
    private Optional<Damping> solved() {
        RepairKernels kernels = new RepairKernels(scope);
        try (Tensor system = sums.gram().solvable()) {
            return Damping.raise(system, ridge -> kernels.ridge(system, sums.residual(), ridge));
        }
    }

    private LinearRepair repaired(Damping damped) {
        double[] norms = sums.norms().doubles();
        return LinearRepair.of(norms[0], norms[0] + damped.solved().doubles()[0], norms[1], damped.raised());
    }

    private LinearRepair untouched() {
        double[] norms = sums.norms().doubles();
        return LinearRepair.of(norms[0], norms[0], norms[1], 0);
    }
}
