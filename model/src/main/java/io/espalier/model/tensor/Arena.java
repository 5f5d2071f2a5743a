package io.espalier.model.tensor;

import org.jspecify.annotations.Nullable;

/**
 * An allocator over one block of memory that is used again and again, for example for the weights of one layer after the
 * other. The block is allocated at first use and kept until the arena is closed. A new page costs as much as what is
 * computed into it, and on some virtual machines many times that. An arena is not thread-safe.
 */
public final class Arena implements Allocator, AutoCloseable {
    /** Elements to which a tensor's start is aligned, so that every tensor begins on a cache line. */
    private static final int ALIGNMENT = 32;

    private final Scope scope = Scope.open();
    private final long elements;
    private @Nullable Tensor block;
    private long used;

    /** @param elements capacity: the sum of {@link #aligned} over the tensors that are held at the same time */
    public Arena(long elements) {
        this.elements = elements;
    }

    /** Elements that a tensor of {@code elements} occupies in an arena, padding included. */
    public static long aligned(long elements) {
        return (elements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Makes the whole arena free again. Tensors reserved before must not be used any more. */
    public void clear() {
        used = 0;
    }

    /**
     * Reserves the part of the arena after the tensors reserved before.
     *
     * @param type must be the same in every call
     * @throws IllegalStateException when the arena is too small
     */
    @Override
    public Tensor reserve(long wanted, ComputeType type, Scope owner) {
        if (used + wanted > elements) {
            throw new IllegalStateException(
                    "%d of %d elements are taken, %d more do not fit".formatted(used, elements, wanted));
        }
        if (block == null) {
            block = new Kernels(scope).reserve(elements, type);
        }
        long start = used;
        used += aligned(wanted);
        return new Kernels(owner).slice(block, start, wanted);
    }

    @Override
    public void close() {
        scope.close();
    }
}
