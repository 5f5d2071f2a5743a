/** Checkpoints on disk: strict reading, atomic writing, and the folders they lie in. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.checkpoint;
