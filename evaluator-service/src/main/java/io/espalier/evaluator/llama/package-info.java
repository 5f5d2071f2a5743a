/** Stock llama.cpp, in processes of its own: a native library that ends its process must not end the evaluator's. */
@org.jspecify.annotations.NullMarked
package io.espalier.evaluator.llama;
