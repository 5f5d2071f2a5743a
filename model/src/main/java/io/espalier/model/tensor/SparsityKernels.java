package io.espalier.model.tensor;

import ai.djl.pytorch.jni.IValue;

/**
 * The kernels of {@code sparsity.py}, with results that belong to one scope. Formulas stand there: a mask is bool [out, in],
 * true where a weight is kept; of each {@code group} of consecutive scores the {@code removed} lowest go, of equal ones the
 * earlier.
 */
public final class SparsityKernels extends KernelCalls {
    public SparsityKernels(Scope scope) {
        super(scope);
    }

    /**
     * By {@code |W_ij|·f_j}, in groups along each row.
     *
     * @param factors f, fp64 [in]
     */
    public Tensor keptInRows(Tensor weight, Tensor factors, int group, long removed) {
        return tensor("kept_in_rows", of(weight), of(factors), IValue.from((long) group), IValue.from(removed));
    }

    /**
     * By {@code |W_ij|·f_i}, in groups along each column.
     *
     * @param factors f, fp64 [out]
     */
    public Tensor keptInColumns(Tensor weight, Tensor factors, int group, long removed) {
        return tensor("kept_in_columns", of(weight), of(factors), IValue.from((long) group), IValue.from(removed));
    }

    /**
     * By {@code |W_ij|·(n_j + a·√A_ij)}, in groups along each row.
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

    /** By {@code |W_ij|}, the whole matrix being one group. */
    public Tensor keptOfMatrix(Tensor weight, long removed) {
        return tensor("kept_of_matrix", of(weight), IValue.from(removed));
    }

    /** All true: [rows, columns]. */
    public Tensor keptAll(int rows, int columns) {
        return tensor("keep_all", IValue.from((long) rows), IValue.from((long) columns));
    }

    /** Row-major, 8 weights a byte, the first in the most significant bit; the last byte is filled up with zeros. */
    public byte[] packed(Tensor kept) {
        try (Tensor packed = tensor("pack_mask", of(kept))) {
            return packed.bytes();
        }
    }

    /** Sets the weights whose bits of a {@link #packed} mask are 0 to zero, in place. */
    public void clearRemoved(Tensor weight, byte[] packed) {
        try (Tensor bits = scope.bytes(packed)) {
            tensor("clear_removed", of(weight), of(bits)).close();
        }
    }

    /**
     * Upper triangular U [in, in], fp64, with {@code (H + damping·I)⁻¹ = UᵀU}.
     *
     * @param system H, fp64 [in, in], in whose place U comes
     * @return U; an empty tensor, and H as it was, when it is not positive definite
     */
    public Tensor inverseFactor(Tensor system, double damping) {
        return tensor("inverse_factor", of(system), IValue.from(damping));
    }

    /**
     * Columns of which SparseGPT removes weights in one go.
     *
     * @param columns weights are chosen so many columns at a time
     * @param removed of each row of such columns or, where {@code whole}, of all of them
     */
    public record Block(int first, int last, int columns, long removed, boolean whole) {}

    /**
     * Removes weights from a block of columns and lets the ones behind make up for it, in place.
     *
     * @param weight fp64 [out, in]
     * @param kept mask of the weight, written for the block
     * @param factor of {@link #inverseFactor}
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
