package io.espalier.model.transformer;

import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;

/** Applies linear layers: with their own weights, with perturbed weights, or with an observer of their inputs. */
@FunctionalInterface
public interface Linears {
    /**
     * @param x [b, t, in]
     * @return [b, t, out], in {@code scope}
     */
    Tensor apply(Linear linear, Tensor x, Scope scope);

    /** Gives each input to an observer before the linear layer is applied. */
    default Linears observed(InputObserver observer) {
        return (linear, x, scope) -> {
            observer.observe(linear, x);
            return apply(linear, x, scope);
        };
    }

    /** Observes the inputs of linear layers. */
    @FunctionalInterface
    interface InputObserver {
        /** @param x [b, t, in] */
        void observe(Linear linear, Tensor x);
    }
}
