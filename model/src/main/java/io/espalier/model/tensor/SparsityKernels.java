package io.espalier.model.tensor;

import ai.djl.pytorch.jni.IValue;

/**
 * The kernels of {@code sparsity.py}, which has the arithmetic. Results belong to one scope. A mask is bool [out, in]
 * and true where a weight is kept. In each group of {@code group} consecutive scores the {@code removed} lowest are
 * removed. Of equal scores the earlier is removed first. A weight W is [out, in].
 */
public final class SparsityKernels extends KernelCalls {
    public SparsityKernels(Scope scope) {
        super(scope);
    }

    /**
     * The mask by the score {@code |W_ij|·f_j}, with groups along each row of W.
     *
     * @param factors f, fp64 [in]
     */
    public Tensor keptInRows(Tensor weight, Tensor factors, int group, long removed) {
        return tensor("kept_in_rows", of(weight), of(factors), IValue.from((long) group), IValue.from(removed));
    }

    /**
     * The mask by the score {@code |W_ij|·f_i}, with groups along each column of W.
     *
     * @param factors f, fp64 [out]
     */
    public Tensor keptInColumns(Tensor weight, Tensor factors, int group, long removed) {
        return tensor("kept_in_columns", of(weight), of(factors), IValue.from((long) group), IValue.from(removed));
    }

    /**
     * The mask by the score {@code |W_ij|·(n_j + a·√A_ij)}, with groups along each row of W.
     *
     * @param norms n, fp64 [in]
     * @param squares A, [out, in]
     */
    public Tensor keptByGradient(Tensor weight, Tensor norms, Tensor squares, double a, int group, long removed) {
        return tensor(
                "kept_by_gradient",
                of(weight),
                of(norms),
                of(squares),
                IValue.from(a),
                IValue.from((long) group),
                IValue.from(removed));
    }

    /**
     * The mask by the score {@code |W_ij|}, with the whole matrix as one group.
     *
     * @param weight W, fp32
     * @param removed number of weights to remove, at least 1
     */
    public Tensor keptOfMatrix(Tensor weight, long removed) {
        return tensor("kept_of_matrix", of(weight), IValue.from(removed));
    }

    /** A mask [rows, columns] that keeps every weight. */
    public Tensor keptAll(int rows, int columns) {
        return tensor("keep_all", IValue.from((long) rows), IValue.from((long) columns));
    }

    /**
     * A mask as bits: row-major, 8 weights per byte, the first in the most significant bit. The last byte is padded with
     * zeros.
     */
    public byte[] packed(Tensor kept) {
        try (Tensor packed = tensor("pack_mask", of(kept))) {
            return packed.bytes();
        }
    }

    /** Sets the weights to zero that a {@link #packed} mask removes, in place. */
    public void clearRemoved(Tensor weight, byte[] packed) {
        try (Tensor bits = scope.bytes(packed)) {
            tensor("clear_removed", of(weight), of(bits)).close();
        }
    }

    /**
     * The upper triangular factor U with {@code (H + damping·I)⁻¹ = UᵀU} (SparseGPT, section 3), computed in place.
     *
     * @param system H, fp64 [in, in]; U overwrites it
     * @return U, fp64 [in, in]; an empty tensor when H is not positive definite, and then H is unchanged
     */
    public Tensor inverseFactor(Tensor system, double damping) {
        return tensor("inverse_factor", of(system), IValue.from(damping));
    }

    /**
     * A block of columns that SparseGPT prunes before it updates the columns to the right of the block.
     *
     * @param first index of the block's first column
     * @param last index after the block's last column
     * @param columns number of columns for which weights are chosen at the same time
     * @param removed number of weights to remove per choice: in each row of these columns or, if {@code whole}, in all
     *     rows together
     */
    public record Block(int first, int last, int columns, long removed, boolean whole) {}

    /**
     * Removes weights from a block of columns and updates the columns to its right so that the output error is smallest
     * (SparseGPT, algorithm 1), in place.
     *
     * @param weight W, fp64 [out, in]
     * @param kept mask of the weight, [out, in]; the block's part is written
     * @param factor U of {@link #inverseFactor}, fp64 [in, in]
     */
    public void removeWeights(Tensor weight, Tensor kept, Tensor factor, Block block) {
        tensor(
                        "remove_weights",
                        of(weight),
                        of(kept),
                        of(factor),
                        IValue.from((long) block.first),
                        IValue.from((long) block.last),
                        IValue.from((long) block.columns),
                        IValue.from(block.removed),
                        IValue.from(block.whole))
                .close();
    }
}
