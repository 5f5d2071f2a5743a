package io.espalier.model.tensor;

/** Where tensors that are read get their memory. */
@FunctionalInterface
public interface Allocator {
    /** Of its own for every tensor. */
    Allocator FRESH = (elements, type, owner) -> new Kernels(owner).reserve(elements, type);

    /** [elements], not yet filled, in a scope. */
    Tensor reserve(long elements, ComputeType type, Scope owner);
}
