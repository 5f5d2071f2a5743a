package io.espalier.model.tensor;

import ai.djl.pytorch.jni.IValue;

/**
 * The kernels of {@code importance.py}, which has the arithmetic. Results belong to one scope. Vectors of norms or
 * factors are fp32 or fp64; sums are fp64. A weight W is [out, in].
 */
public final class ImportanceKernels extends KernelCalls {
    public ImportanceKernels(Scope scope) {
        super(scope);
    }

    /** An fp64 copy of a matrix, of the same shape. */
    public Tensor toDouble(Tensor x) {
        return tensor("to_double", of(x));
    }

    /**
     * The inverse (H + damping·I)⁻¹, computed in place.
     *
     * @param system H, fp64 [in, in]; the inverse overwrites it
     * @return the inverse, fp64 [in, in]; an empty tensor when H is not positive definite, and then H is unchanged
     */
    public Tensor dampedInverse(Tensor system, double damping) {
        return tensor("damped_inverse", of(system), IValue.from(damping));
    }

    /**
     * The error that removing each column alone would cost, {@code ‖W_:j‖² / [H⁻¹]_jj} (Optimal Brain Surgeon).
     *
     * @param weight W, fp64 [out, in]
     * @param inverse H⁻¹, fp64 [in, in]
     * @return [in]; NaN for columns that were removed already
     */
    public double[] columnCosts(Tensor weight, Tensor inverse) {
        return doubles("column_costs", of(weight), of(inverse));
    }

    /**
     * The error that removing the columns U together would cost, {@code tr(W_U ([H⁻¹]_UU)⁻¹ W_Uᵀ)}.
     *
     * @param weight W, fp64 [out, in]
     * @param inverse H⁻¹, fp64 [in, in]
     */
    public double removalCost(Tensor weight, Tensor inverse, int[] columns) {
        try (Tensor removed = scope.positions(columns);
                IValue result = call("removal_cost", of(weight), of(inverse), of(removed))) {
            return result.toDouble();
        }
    }

    /**
     * Removes columns from W [out, in] and H⁻¹ [in, in], both fp64, in place. The columns of W that are left are
     * updated so that the output error is smallest.
     */
    public void removeColumns(Tensor weight, Tensor inverse, int[] columns) {
        try (Tensor removed = scope.positions(columns)) {
            tensor("remove_columns", of(weight), of(inverse), of(removed)).close();
        }
    }

    /** Sums of |W|^p over rows, then over columns: [out + in]. */
    public double[] magnitudeSums(Tensor weight, int p) {
        return doubles("magnitude_sums", of(weight), IValue.from((long) p));
    }

    /** Sums of |W_ij|·n_j over rows, then over columns: [out + in]. */
    public double[] scaledMagnitudeSums(Tensor weight, Tensor n) {
        return doubles("scaled_magnitude_sums", of(weight), of(n));
    }

    /** Sums of |W_ij|·n_j·|G_ij| over rows, then over columns: [out + in]. */
    public double[] gradientProductSums(Tensor weight, Tensor n, Tensor gradient) {
        return doubles("gradient_product_sums", of(weight), of(n), of(gradient));
    }

    /**
     * Sums of s = first·W⊙G − second·W²⊙A over rows, then over columns: [out + in].
     *
     * @param squares A [out, in], not looked at where {@code second} is 0
     * @param absolute whether |s| is summed
     */
    public double[] taylorSums(
            Tensor weight, Tensor gradient, Tensor squares, double first, double second, boolean absolute) {
        return doubles(
                "taylor_sums",
                of(weight),
                of(gradient),
                of(squares),
                IValue.from(first),
                IValue.from(second),
                IValue.from(absolute));
    }

    /** Sums of |W_ij|·(n_j + a·|G_ij|) over rows, then over columns: [out + in]. */
    public double[] additiveSums(Tensor weight, Tensor n, Tensor gradient, double a) {
        return doubles("additive_sums", of(weight), of(n), of(gradient), IValue.from(a));
    }

    /** Sums of |W_ij|·(n_j + a·√A_ij) over rows, then over columns: [out + in]. */
    public double[] rootAdditiveSums(Tensor weight, Tensor n, Tensor squares, double a) {
        return doubles("root_additive_sums", of(weight), of(n), of(squares), IValue.from(a));
    }

    /** Sums of |W_ij|·n_j·r_i over rows, then over columns: [out + in]. */
    public double[] twoSidedSums(Tensor weight, Tensor n, Tensor r) {
        return doubles("two_sided_sums", of(weight), of(n), of(r));
    }

    /** A table of normal numbers, fp32 [65536, 8]: 16 random bits pick a row. */
    public Tensor normalTable() {
        return tensor("normal_table");
    }

    /** A table of signs ±1, fp32 [256, 8]: 8 random bits pick a row. */
    public Tensor signTable() {
        return tensor("sign_table");
    }

    /** The first n numbers that a seed draws from a table: [n]. */
    public Tensor noise(Tensor table, long seed, int n) {
        return tensor("noise", of(table), IValue.from(seed), IValue.from(0L), IValue.from((long) n));
    }

    /** The numbers of a table times ε, in the type of x. */
    public Tensor scaledTable(Tensor table, double epsilon, Tensor x) {
        return tensor("scaled_table", of(table), IValue.from(epsilon), of(x));
    }

    /**
     * Writes W + εz into another matrix, for the elements [start, start + length) of the row-major matrices. z is what
     * the seed draws from the table.
     *
     * @param moved [out, in]; receives the perturbed elements
     * @param weight W, [out, in]
     * @param scaled the table times ε, see {@link #scaledTable}
     * @param start a multiple of 64
     */
    public void move(Tensor moved, Tensor weight, Tensor scaled, long seed, long start, long length) {
        tensor("move", of(moved), of(weight), of(scaled), IValue.from(seed), IValue.from(start), IValue.from(length))
                .close();
    }

    /**
     * Turns W + εz into W − εz, in place, for the elements [start, start + length) of the row-major matrices.
     *
     * @param moved W + εz as {@link #move} wrote it, [out, in]
     * @param weight W, [out, in]
     */
    public void mirror(Tensor moved, Tensor weight, long start, long length) {
        tensor("mirror", of(moved), of(weight), IValue.from(start), IValue.from(length))
                .close();
    }

    /**
     * Adds coefficient·z to a block of rows of a sum, in place. z is the one of {@link #move}.
     *
     * @param sum64 fp64 [rows, in]
     * @param first index of the block's first row in the whole matrix; a multiple of 64
     */
    public void accumulateNoise(Tensor sum64, Tensor table, long seed, double coefficient, int first) {
        tensor("accumulate_noise", of(sum64), of(table), IValue.from(seed), IValue.from(coefficient), IValue.from((long)
                        first))
                .close();
    }

    /**
     * Adds step·(x v)uᵀ to y, in place. This is the output y = xWᵀ of a weight that was moved by step·u vᵀ.
     *
     * @param y [b, t, out]
     * @param x [b, t, in]
     * @param factors u [out], then v [in]
     * @return y
     */
    public Tensor shiftAlong(Tensor y, Tensor x, Tensor factors, double step) {
        tensor("shift_along", of(y), of(x), of(factors), IValue.from(step)).close();
        return y;
    }

    /**
     * Adds Σ_t coefficient_t·u_t v_tᵀ to a block of rows of a sum, in place. Seed t draws u_t and then v_t.
     *
     * @param sum64 fp64 [rows, in]
     * @param first index of the block's first row in the whole matrix
     * @param outputs number of rows of the whole matrix
     */
    public void accumulateRankOne(
            Tensor sum64, Tensor table, long[] seeds, double[] coefficients, int first, int outputs) {
        try (Tensor weights = scope.doubles(coefficients)) {
            tensor(
                            "accumulate_rank_one",
                            of(sum64),
                            of(table),
                            IValue.listFrom(seeds),
                            of(weights),
                            IValue.from((long) first),
                            IValue.from((long) outputs))
                    .close();
        }
    }
}
