package io.espalier.model.sparsity;

/**
 * What SparseGPT did to a tensor.
 *
 * @param damping ridge used over that of 1% of the Hessian's mean diagonal; 1 unless it was not positive definite; 0 where
 *     nothing ever entered the linear layer, or nothing finite, and magnitude decided
 */
public record UpdateReport(MaskReport mask, double damping) {}
