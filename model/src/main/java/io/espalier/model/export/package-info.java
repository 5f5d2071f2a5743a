/** Writes checkpoints in the formats of other programs. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.export;
