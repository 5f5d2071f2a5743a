/** The engine, its scopes and the kernels; with {@code text} the only package that touches DJL. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.tensor;
