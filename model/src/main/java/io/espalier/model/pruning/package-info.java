/** Chooses the units and layers that are removed, removes them, and repairs the weights that stay. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.pruning;
