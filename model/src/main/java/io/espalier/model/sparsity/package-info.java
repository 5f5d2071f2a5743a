/** Sparsity of single weights, N:M or unstructured: masks, the criteria that choose them and the passes that apply them. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.sparsity;
