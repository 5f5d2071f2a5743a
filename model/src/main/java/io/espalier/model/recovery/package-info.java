/** Training of a pruned model until it is closer to the dense model again: layer by layer, and with low-rank adapters. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.recovery;
