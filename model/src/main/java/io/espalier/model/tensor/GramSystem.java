package io.espalier.model.tensor;

/**
 * A Gram matrix H = XᵀX of n features that is summed up in fp32 and then solved in fp64 in the same memory: 8·n² bytes, of
 * which the sums touch half.
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

    /** @param scope keeps it */
    public static GramSystem zeros(int features, Scope scope) {
        Kernels kernels = new Kernels(scope);
        Tensor system = kernels.system(features);
        return new GramSystem(system, kernels.sumsIn(system), scope);
    }

    /** @param x [.., n] */
    public void add(Tensor x) {
        new Kernels(scope).accumulateGram(sums, x);
    }

    /** fp32 [n, n], to be added to; gone with {@link #solvable}. */
    public Tensor sums() {
        return sums;
    }

    /** Ends the summing, once: H, fp64 [n, n]. */
    public Tensor solvable() {
        new Kernels(scope).widen(system, sums);
        sums.close();
        return system;
    }
}
