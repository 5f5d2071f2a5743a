package io.espalier.model.transformer;

import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;

/** How a linear layer is applied: plainly, perturbed, or with somebody watching its input. */
@FunctionalInterface
public interface Linears {
    /**
     * @param x [b, t, in]
     * @return [b, t, out], in {@code scope}
     */
    Tensor apply(Linear linear, Tensor x, Scope scope);

    /** Shows each input to a observer before the layer is applied. */
    default Linears observed(InputObserver observer) {
        return (linear, x, scope) -> {
            observer.observe(linear, x);
            return apply(linear, x, scope);
        };
    }

    /** Sees what enters a linear layer. */
    @FunctionalInterface
    interface InputObserver {
        /** @param x [b, t, in] */
        void observe(Linear linear, Tensor x);
    }
}
