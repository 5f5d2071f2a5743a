/** Decoder-only transformers as data: which tensors a family has, which units they hold, and the stream through them. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.transformer;
