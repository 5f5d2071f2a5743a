package io.espalier.model.tensor;

import ai.djl.pytorch.jni.IValue;

/**
 * The kernels of {@code repair.py}, with results that belong to one scope. Formulas stand there: a linear layer W [out, in]
 * keeps the columns K of its input X and loses others; {@code lost} are those of W, and E what is missing from its output.
 */
public final class RepairKernels extends KernelCalls {
    public RepairKernels(Scope scope) {
        super(scope);
    }

    /**
     * Adds tokens to sums, in place.
     *
     * @param sums fp64 [1, out + 2]: Σ E, ‖E‖², ‖XWᵀ‖²
     * @param x [b, t, in]
     * @param lost [out, lost]
     * @param removed positions of the lost columns
     */
    public void accumulateMissing(Tensor sums, Tensor x, Tensor weight, Tensor lost, Tensor removed) {
        tensor("accumulate_missing", of(sums), of(x), of(weight), of(lost), of(removed))
                .close();
    }

    /**
     * What least squares needs, summed over tokens.
     *
     * @param gram over the kept columns
     * @param residual [out, kept]
     * @param norms fp64 [1, 2]: squared norms of what is missing and of the whole output to reproduce
     */
    public record Residuals(GramSystem gram, Tensor residual, Tensor norms) {}

    /**
     * Adds tokens to what least squares needs, in place.
     *
     * @param x [b, t, in]; blended [2b, t, in], the dense model's first
     */
    public void accumulateResidual(
            Residuals sums, Tensor x, Tensor weight, Tensor lost, Tensor kept, Tensor removed, boolean blended) {
        tensor(
                        "accumulate_residual",
                        of(sums.gram.sums()),
                        of(sums.residual),
                        of(sums.norms),
                        of(x),
                        of(weight),
                        of(lost),
                        of(kept),
                        of(removed),
                        IValue.from(blended))
                .close();
    }

    /**
     * Δ = R (H + λI)⁻¹ in the place of R.
     *
     * @param system H, fp64 [kept, kept], which becomes its factor
     * @param residual R, [out, kept]
     * @return ‖E − X_K Δᵀ‖² − ‖E‖²: fp64 [1]; an empty tensor, and nothing changed, when H is not positive definite
     */
    public Tensor ridge(Tensor system, Tensor residual, double damping) {
        return tensor("ridge", of(system), of(residual), IValue.from(damping));
    }
}
