package io.espalier.model.sparsity;

/**
 * The mask that SparseGPT chose for a tensor, and how much damping its Hessian needed.
 *
 * @param damping the ridge that was used, as a multiple of 1% of the Hessian's mean diagonal. It is 1 unless that ridge left
 *     the Hessian not positive definite. It is 0 when the inputs were all zero or not finite, or when no ridge sufficed; the
 *     weights were then chosen by magnitude.
 */
public record UpdateReport(MaskReport mask, double damping) {}
