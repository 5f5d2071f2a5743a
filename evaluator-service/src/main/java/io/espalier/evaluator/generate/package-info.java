/** {@code espalier generate}: text from any checkpoint, in stock llama.cpp. */
@org.jspecify.annotations.NullMarked
package io.espalier.evaluator.generate;
