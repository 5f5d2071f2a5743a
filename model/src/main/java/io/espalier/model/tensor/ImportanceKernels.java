package io.espalier.model.tensor;

import ai.djl.pytorch.jni.IValue;

/** The kernels of {@code importance.py}, with results that belong to one scope. Formulas stand there. */
public final class ImportanceKernels extends KernelCalls {
    public ImportanceKernels(Scope scope) {
        super(scope);
    }

    /** An fp64 copy of a matrix. */
    public Tensor toDouble(Tensor x) {
        return tensor("to_double", of(x));
    }

    /**
     * (H + damping·I)⁻¹ [in, in].
     *
     * @param system H, fp64 [in, in], in whose place the inverse comes
     * @return the inverse; an empty tensor, and H as it was, when it is not positive definite
     */
    public Tensor dampedInverse(Tensor system, double damping) {
        return tensor("damped_inverse", of(system), IValue.from(damping));
    }

    /** {@code ‖W_:j‖² / [H⁻¹]_jj}: [in]; NaN for columns that were removed. */
    public double[] columnCosts(Tensor weight, Tensor inverse) {
        return doubles("column_costs", of(weight), of(inverse));
    }

    /** {@code tr(W_U ([H⁻¹]_UU)⁻¹ W_Uᵀ)} of the columns U. */
    public double removalCost(Tensor weight, Tensor inverse, int[] columns) {
        try (Tensor removed = scope.positions(columns);
                IValue result = call("removal_cost", of(weight), of(inverse), of(removed))) {
            return result.toDouble();
        }
    }

    /** Removes columns from W and H⁻¹, in place; the others of W make up for them. */
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

    /** Eight normal numbers for each of what 16 bits pick: [65536, 8]. */
    public Tensor normalTable() {
        return tensor("normal_table");
    }

    /** The eight signs that each byte stands for: [256, 8]. */
    public Tensor signTable() {
        return tensor("sign_table");
    }

    /** The first n numbers that a seed draws from a table. */
    public Tensor noise(Tensor table, long seed, int n) {
        return tensor("noise", of(table), IValue.from(seed), IValue.from(0L), IValue.from((long) n));
    }

    /** A table's numbers times ε, in the type of x. */
    public Tensor scaledTable(Tensor table, double epsilon, Tensor x) {
        return tensor("scaled_table", of(table), IValue.from(epsilon), of(x));
    }

    /**
     * Puts W + εz into a matrix, at some places of both when their rows stand one behind the other; z is what the seed
     * draws from the table.
     *
     * @param moved [out, in]
     * @param scaled see {@link #scaledTable}
     * @param start a multiple of 64
     */
    public void move(Tensor moved, Tensor weight, Tensor scaled, long seed, long start, long length) {
        tensor("move", of(moved), of(weight), of(scaled), IValue.from(seed), IValue.from(start), IValue.from(length))
                .close();
    }

    /** Turns a moved weight W + εz into W − εz at such places. */
    public void mirror(Tensor moved, Tensor weight, long start, long length) {
        tensor("mirror", of(moved), of(weight), IValue.from(start), IValue.from(length))
                .close();
    }

    /**
     * Adds coefficient·z to sum64 [rows, in], in place; z is the one of {@link #move}.
     *
     * @param first row of the matrix that is the first of sum64; a multiple of 64
     */
    public void accumulateNoise(Tensor sum64, Tensor table, long seed, double coefficient, int first) {
        tensor("accumulate_noise", of(sum64), of(table), IValue.from(seed), IValue.from(coefficient), IValue.from((long)
                        first))
                .close();
    }

    /**
     * y + step·(x v) uᵀ, in place of y.
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
     * Adds Σ_t coefficient_t·u_t v_tᵀ to sum64 [rows, in], in place; u_t, then v_t is what seed t draws.
     *
     * @param first row of the matrix that is the first of sum64
     * @param outputs rows of the whole matrix
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
