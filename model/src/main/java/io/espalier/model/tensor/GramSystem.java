package io.espalier.model.tensor;

/**
 * A Gram matrix H = XᵀX of n features. It is summed in fp32 and solved in fp64 in the same 8·n² bytes of memory. The fp32
 * sums use half of them.
 */
public final class GramSystem {
    private final Tensor system;
    private final Tensor sums;
    private final Scope scope;

    private GramSystem(Tensor system, Tensor sums, Scope scope) {
        this.system = system;
        this.sums = sums;
        this.scope = scope;
    }

    /**
     * A Gram matrix of zeros.
     *
     * @param features n
     * @param scope the scope that owns the memory
     */
    public static GramSystem zeros(int features, Scope scope) {
        Kernels kernels = new Kernels(scope);
        Tensor system = kernels.system(features);
        return new GramSystem(system, kernels.sumsIn(system), scope);
    }

    /**
     * Adds xᵀx.
     *
     * @param x [.., n]
     */
    public void add(Tensor x) {
        new Kernels(scope).accumulateGram(sums, x);
    }

    /** The sums so far, fp32 [n, n]. A caller may add to them. They are freed by {@link #solvable}. */
    public Tensor sums() {
        return sums;
    }

    /**
     * Converts the sums to fp64. It may be called once, after the last {@link #add}.
     *
     * @return H, fp64 [n, n]
     */
    public Tensor solvable() {
        new Kernels(scope).widen(system, sums);
        sums.close();
        return system;
    }
}
