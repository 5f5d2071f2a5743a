package io.espalier.model.tensor;

/** Gives memory to tensors that are read from a checkpoint. */
@FunctionalInterface
public interface Allocator {
    /** Allocates new memory for every tensor. */
    Allocator FRESH = (elements, type, owner) -> new Kernels(owner).reserve(elements, type);

    /**
     * Allocates one tensor.
     *
     * @param owner the scope that frees the tensor
     * @return [elements] of {@code type}; the values are undefined
     */
    Tensor reserve(long elements, ComputeType type, Scope owner);
}
