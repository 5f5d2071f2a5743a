package io.espalier.model.sparsity;

import io.espalier.model.tensor.Damping;
import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;

/**
 * Optimal brain surgeon on single weights, column by column (SparseGPT, released code). With {@code H = XᵀX + λI} of the input,
 * λ 1% of the mean diagonal, and {@code H⁻¹ = UᵀU}, removing W_ij costs {@code W_ij² / U_jj²} once the columns before are
 * settled, and the columns behind make up for it by {@code −W_ij/U_jj · U_j,:}. The factor 2/N of the paper's H cancels.
 *
 * <p>Nothing enters a dead feature, so its weights cost λ·W² alone; unlike in the released code those that are kept stay as
 * they are, since nothing is known of them.
 *
 * @param factor U, fp64 [in, in]
 * @param damping ridge used over that of 1%; 0 where nothing entered at all and magnitude decides
 */
record SparseGpt(Tensor factor, double damping) {
    /** Columns after which the ones behind are brought up to date in one product. */
    private static final int BLOCK_COLUMNS = 128;

    /** Of a weight while it is pruned: fp64, and whether it is kept. */
    static final int WEIGHT_BYTES = Double.BYTES + 1;

    /**
     * @param gram XᵀX, which is used up
     * @param scope keeps the factor, whose memory is that of the Gram matrix
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

    /** @param weight [out, in], changed in place */
    Mask prune(Tensor weight, SparsityPattern pattern) {
        try (Scope scratch = Scope.open()) {
            SparsityKernels kernels = new SparsityKernels(scratch);
            Tensor wide = new ImportanceKernels(scratch).toDouble(weight);
            Tensor kept = kernels.keptAll(weight.dim(0), weight.dim(1));
            int columns = weight.dim(1);
            int step = blockColumns(pattern);
            for (int first = 0; first < columns; first += step) {
                int last = Math.min(columns, first + step);
                kernels.removeWeights(wide, kept, factor, block(first, last, weight.dim(0), pattern));
            }
            new Kernels(scratch).replace(weight, wide);
            return Mask.of(kept, scratch);
        }
    }

    /** A multiple of M, so that no group lies in two blocks. */
    private static int blockColumns(SparsityPattern pattern) {
        int group = pattern.group(BLOCK_COLUMNS);
        return Math.max(1, BLOCK_COLUMNS / group) * group;
    }

    /** N:M compares along each row; otherwise all weights of a block are compared, before any of them goes. */
    private static SparsityKernels.Block block(int first, int last, int rows, SparsityPattern pattern) {
        int group = pattern.group(last - first);
        boolean whole = pattern instanceof SparsityPattern.Unstructured;
        long compared = whole ? (long) rows * group : group;
        return new SparsityKernels.Block(first, last, group, pattern.removed(compared), whole);
    }
}
