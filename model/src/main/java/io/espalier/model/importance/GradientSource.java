package io.espalier.model.importance;

import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;

/** Gives dL/dW of a linear layer, or an estimate of it. */
@FunctionalInterface
public interface GradientSource {
    /** @return [out, in], in {@code scope} */
    Tensor gradient(Linear linear, Scope scope);
}
