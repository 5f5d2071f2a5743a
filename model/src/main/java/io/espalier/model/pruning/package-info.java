/** What is removed from a layer, and what the kept weights do about it. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.pruning;
