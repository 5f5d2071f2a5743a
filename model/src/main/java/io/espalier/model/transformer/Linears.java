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

    /** Shows each input to a witness before the layer is applied. */
    default Linears watched(InputWitness witness) {
        return (linear, x, scope) -> {
            witness.sees(linear, x);
            return apply(linear, x, scope);
        };
    }

    /** Sees what enters a linear layer. */
    @FunctionalInterface
    interface InputWitness {
        /** @param x [b, t, in] */
        void sees(Linear linear, Tensor x);
    }
}
