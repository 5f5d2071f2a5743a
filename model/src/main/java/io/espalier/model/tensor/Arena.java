package io.espalier.model.tensor;

import org.jspecify.annotations.Nullable;

/**
 * Memory that is filled with the same kind of tensors again and again: with one layer's weights after the other's. It is
 * taken from the system once and at first use, since a fresh page costs as much as what is computed into it, and on some
 * virtual machines many times that. Only one thread at a time may use it.
 */
public final class Arena implements Allocator, AutoCloseable {
    /** A tensor begins on a cache line. */
    private static final int ALIGNED = 32;

    private final Scope scope = Scope.open();
    private final long elements;
    private @Nullable Tensor all;
    private long used;

    /** @param elements of all tensors that stand in it together, each as {@link #taken} */
    public Arena(long elements) {
        this.elements = elements;
    }

    /** What a tensor takes of a arena, in elements. */
    public static long taken(long elements) {
        return (elements + ALIGNED - 1) / ALIGNED * ALIGNED;
    }

    /** Empties it: what stands in it must not be used any more. */
    public void clear() {
        used = 0;
    }

    /**
     * The part of the arena behind what was reserved before.
     *
     * @param type the same each time
     */
    @Override
    public Tensor reserve(long wanted, ComputeType type, Scope owner) {
        if (used + wanted > elements) {
            throw new IllegalStateException(
                    "%d of %d elements are taken, %d more do not fit".formatted(used, elements, wanted));
        }
        if (all == null) {
            all = new Kernels(scope).reserve(elements, type);
        }
        long start = used;
        used += taken(wanted);
        return new Kernels(owner).slice(all, start, wanted);
    }

    @Override
    public void close() {
        scope.close();
    }
}
