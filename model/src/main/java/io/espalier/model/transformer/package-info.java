/**
 * Decoder-only transformers: model families as data, the units of their tensors, and the stream of hidden states through
 * the layers.
 */
@org.jspecify.annotations.NullMarked
package io.espalier.model.transformer;
