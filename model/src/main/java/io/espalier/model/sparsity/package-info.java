/** Single weights that go, in patterns or anywhere: masks, the criteria that choose them, and the passes that apply them. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.sparsity;
