package io.espalier.model.tensor;

import ai.djl.pytorch.jni.IValue;

/**
 * The kernels of {@code repair.py}, which has the arithmetic. Results belong to one scope. A linear layer W [out, in]
 * keeps the columns K of its input X [tokens, in] and loses the columns R. E = X_R W_Rᵀ [tokens, out] is what its
 * output then lacks. Index tensors are int64.
 */
public final class RepairKernels extends KernelCalls {
    public RepairKernels(Scope scope) {
        super(scope);
    }

    /**
     * Adds the tokens of a chunk to sums over the missing output, in place.
     *
     * @param sums fp64 [1, out + 2]: Σ E, ‖E‖², ‖XWᵀ‖²
     * @param x X, [b, t, in]
     * @param weight W, [out, in]
     * @param lost W_R, [out, lost]
     * @param removed R, [lost]
     */
    public void accumulateMissing(Tensor sums, Tensor x, Tensor weight, Tensor lost, Tensor removed) {
        tensor("accumulate_missing", of(sums), of(x), of(weight), of(lost), of(removed))
                .close();
    }

    /**
     * The sums over tokens that least squares needs.
     *
     * @param gram X_KᵀX_K, the Gram matrix of the kept columns
     * @param residual EᵀX_K, fp32 [out, kept]
     * @param norms fp64 [1, 2]: ‖E‖² and the squared norm of the output to reproduce
     */
    public record Residuals(GramSystem gram, Tensor residual, Tensor norms) {}

    /**
     * Adds the tokens of a chunk to the sums that least squares needs, in place.
     *
     * @param x X, [b, t, in]; if blended [2b, t, in], with the dense model's inputs first
     * @param weight W, [out, in]
     * @param lost W_R, [out, lost]
     * @param kept K, [kept]
     * @param removed R, [lost]
     * @param blended whether the output to reproduce is the mean of the dense and the pruned model's
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
     * Solves the ridge regression Δ = C (H + λI)⁻¹, in place.
     *
     * @param system H = X_KᵀX_K, fp64 [kept, kept]; the factor of H + λI overwrites it
     * @param residual C = EᵀX_K, fp32 [out, kept]; Δ overwrites it
     * @param damping λ
     * @return ‖E − X_K Δᵀ‖² − ‖E‖², fp64 [1]; an empty tensor when H is not positive definite, and then both arguments
     *     are unchanged
     */
    public Tensor ridge(Tensor system, Tensor residual, double damping) {
        return tensor("ridge", of(system), of(residual), IValue.from(damping));
    }
}
