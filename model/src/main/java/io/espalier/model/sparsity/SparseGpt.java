package io.espalier.model.sparsity;

import io.espalier.model.tensor.Damping;
import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;

/**
 * Prunes the single weights of one linear layer by SparseGPT (released code), from the first column to the last. The Hessian
 * is {@code H = XᵀX + λI}, where X holds the layer's inputs, [tokens, in], and λ is 1% of the mean of the diagonal of XᵀX. U is
 * the upper triangular factor with {@code H⁻¹ = UᵀU}. Once the columns before j are pruned, removing {@code W_ij} adds
 * {@code W_ij² / U_jj²} to the squared output error. The columns after j compensate for it by the update
 * {@code −W_ij/U_jj · U_j,:}. The paper's H has a further factor 2/N, which changes neither the choice nor the update.
 *
 * <p>A dead feature is 0 for every token, so removing one of its weights costs only λ·W². The released code removes all weights
 * of a dead feature. This class leaves the kept ones unchanged, because the calibration text says nothing about them.
 *
 * @param factor U, fp64 [in, in]
 * @param damping the ridge λ that was used, as a multiple of the first one of 1%; 0 when no ridge made H positive definite
 *     and U is the identity, so that the weights are chosen by magnitude
 */
record SparseGpt(Tensor factor, double damping) {
    /** The number of columns that are pruned before one matrix product updates all columns to their right. */
    private static final int BLOCK_COLUMNS = 128;

    /** The bytes that {@link #prune} allocates per weight: its fp64 copy and its bool of the mask. */
    static final int WEIGHT_BYTES = Double.BYTES + 1;

    /**
     * @param gram the Gram matrix XᵀX, [in, in]; U overwrites it
     * @param scope the scope that owns {@code gram}
     */
    static SparseGpt of(GramSystem gram, Scope scope) {
        SparsityKernels kernels = new SparsityKernels(scope);
        Tensor system = gram.solvable();
        return Damping.raise(system, ridge -> kernels.inverseFactor(system, ridge))
                .map(damped -> new SparseGpt(damped.solved(), damped.raised()))
                .orElseGet(() -> new SparseGpt(identity(system, scope), 0));
    }

    private static Tensor identity(Tensor system, Scope scope) {
        new Kernels(scope).clear(system);
        return new SparsityKernels(scope).inverseFactor(system, 1);
    }

    /**
     * Removes weights and updates those that are kept, in place.
     *
     * @param weight W, [out, in]
     * @return which weights are kept
     */
    Mask prune(Tensor weight, SparsityPattern pattern) {
        try (Scope scratch = Scope.open()) {
            SparsityKernels kernels = new SparsityKernels(scratch);
            Tensor pruned = new ImportanceKernels(scratch).toDouble(weight);
            Tensor kept = kernels.keptAll(weight.dim(0), weight.dim(1));
            int columns = weight.dim(1);
            int step = blockColumns(pattern);
            for (int first = 0; first < columns; first += step) {
                int last = Math.min(columns, first + step);
                kernels.removeWeights(pruned, kept, factor, block(first, last, weight.dim(0), pattern));
            }
            new Kernels(scratch).replace(weight, pruned);
            return Mask.of(kept, scratch);
        }
    }

    /** The number of columns of a block. It is a multiple of M, so that no N:M group lies in two blocks. */
    private static int blockColumns(SparsityPattern pattern) {
        int group = pattern.group(BLOCK_COLUMNS);
        return Math.max(1, BLOCK_COLUMNS / group) * group;
    }

    /**
     * N:M compares the weights of each group in a row. An unstructured pattern compares all weights of a block before it removes
     * the first of them.
     */
    private static SparsityKernels.Block block(int first, int last, int rows, SparsityPattern pattern) {
        int group = pattern.group(last - first);
        boolean whole = pattern instanceof SparsityPattern.Unstructured;
        long compared = whole ? (long) rows * group : group;
        return new SparsityKernels.Block(first, last, group, pattern.removed(compared), whole);
    }
}
