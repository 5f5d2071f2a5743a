/** The engine, its scopes and the kernels. Only this package and {@code text} use DJL. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.tensor;
