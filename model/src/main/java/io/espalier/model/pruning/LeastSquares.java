package io.espalier.model.pruning;

import io.espalier.model.tensor.Damping;
import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.RepairKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Optional;

/**
 * What the kept columns of a linear layer do about the removed ones, by ridge regression on the layer's own calibration
 * input X: with {@code H = XᵀX} and {@code λ = 0.01·mean(diag H_KK)},
 * {@code W'_K = (W H[:,K] + λ W_K)(H_KK + λI)⁻¹}. It minimises {@code ‖Y − X_K W'ᵀ‖² + λ‖W' − W_K‖²} for the output
 * {@code Y = XWᵀ}, so the reconstruction is never worse than with the columns merely dropped.
 *
 * <p>Blended, Y is the mean of that and of {@code ZWᵀ}, Z the dense model's input: then half of what the layers before
 * have done to the output is repaired too.
 *
 * <p>Computed as {@code W'_K = W_K + R (H_KK + λI)⁻¹}, {@code R = (Y − X_K W_Kᵀ)ᵀ X_K}: the same, without the whole H.
 */
final class LeastSquares {
    private final LostColumns columns;
    private final boolean blended;
    private final RepairKernels.Residuals sums;
    private final Scope scope;

    /**
     * @param blended whether {@link #add} is shown the dense model's input too
     * @param scope keeps the sums
     */
    LeastSquares(LostColumns columns, boolean blended, Scope scope) {
        this(columns, blended, nothingYet(columns, scope), scope);
    }

    /** Goes on from sums over earlier tokens. */
    LeastSquares(LostColumns columns, boolean blended, RepairKernels.Residuals sums, Scope scope) {
        this.columns = columns;
        this.blended = blended;
        this.sums = sums;
        this.scope = scope;
    }

    private static RepairKernels.Residuals nothingYet(LostColumns columns, Scope scope) {
        Kernels kernels = new Kernels(scope);
        int outputs = columns.weight().dim(0);
        int kept = Math.toIntExact(columns.kept().elements());
        return new RepairKernels.Residuals(
                GramSystem.zeros(kept, scope), kernels.zeros(outputs, kept), kernels.zeros64(1, 2));
    }

    /** @param x [b, t, in]; where the target is blended [2b, t, in], the dense model's input first */
    void add(Tensor x) {
        new RepairKernels(scope)
                .accumulateResidual(
                        sums, x, columns.weight(), columns.lostWeight(), columns.kept(), columns.removed(), blended);
    }

    /** @param weight W'_K, [out, kept] */
    record Solution(Tensor weight, LinearRepair repair) {}

    /**
     * Ends the measuring. The kept columns stay as they are where nothing ever entered them; their damping is then reported
     * as 0.
     */
    Solution solve() {
        columns.lostWeight().close();
        Optional<Damping> damped = solved();
        Tensor residual = sums.residual();
        LinearRepair repair = damped.map(this::repaired).orElseGet(this::untouched);
        try (Tensor kept = columns.keptWeight(scope)) {
            // Δ has taken the place of the residual, and W'_K takes that of Δ: each is as large as the layer's weight.
            if (damped.isPresent()) {
                new Kernels(scope).addInPlace(residual, kept);
            } else {
                new Kernels(scope).replace(residual, kept);
            }
        }
        return new Solution(residual, repair);
    }

    /** By how much ‖E‖² changes; empty where nothing ever entered the kept columns. */
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
