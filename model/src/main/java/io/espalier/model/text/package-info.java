/** The tokenizer, and texts as windows of token ids. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.text;
