package io.espalier.model.pruning;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.RepairKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;

/**
 * The mean contribution of the removed columns of a linear layer (FLAP, section 3 and released code):
 * {@code b = W_R·mean(x_R)} over all calibration tokens, which is the mean row of {@code E = X_R W_Rᵀ}.
 */
final class LostMean {
    private final Scope scope;
    private final LostColumns columns;
    /** fp64 [1, out + 2]: Σ E, ‖E‖², ‖XWᵀ‖² */
    private final Tensor sums;

    private long tokens;

    LostMean(LostColumns columns, Scope scope) {
        this.scope = scope;
        this.columns = columns;
        this.sums = new Kernels(scope).zeros64(1, columns.weight().dim(0) + 2);
    }

    /**
     * Adds calibration tokens.
     *
     * @param x input of the layer, [b, t, in]
     */
    void add(Tensor x) {
        new RepairKernels(scope).accumulateMissing(sums, x, columns.weight(), columns.lostWeight(), columns.removed());
        tokens += (long) x.dim(0) * x.dim(1);
    }

    /** The bias b, [out]. */
    double[] mean() {
        double[] all = sums.doubles();
        return Arrays.stream(all, 0, all.length - 2).map(sum -> sum / tokens).toArray();
    }

    /** The error with and without b. With b, only the variation of E about its mean is missing. */
    LinearRepair repair() {
        double[] all = sums.doubles();
        double missing = all[all.length - 2];
        double mean = Arrays.stream(mean()).map(value -> value * value).sum();
        return LinearRepair.of(missing, Math.max(0, missing - tokens * mean), all[all.length - 1], 1);
    }
}
