/** Checkpoints on disk: config.json and safetensors files, read under strict checks and written durably. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.checkpoint;
