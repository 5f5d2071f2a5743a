package io.espalier.model.transformer;

import org.jspecify.annotations.Nullable;

/**
 * A linear layer {@code y = x Wᵀ + b}.
 *
 * @param module name of the module: the weight's name without {@code .weight}; input statistics are kept under it
 * @param weight W, [out, in]
 * @param bias b, [out]; null for none
 */
public record Linear(
        String module, Parameter weight, @Nullable Parameter bias) {
    static Linear of(String module, Axis rows, Axis columns, boolean biased) {
        return new Linear(
                module,
                Parameter.matrix(module + ".weight", rows, columns),
                biased ? Parameter.vector(module + ".bias", rows) : null);
    }

    /** This layer with a bias. */
    Linear biased() {
        return of(module, weight.rows(), weight.columns(), true);
    }

    /** The number of input features. */
    public int inputs() {
        return weight.columns().length();
    }

    /** The number of output features. */
    public int outputs() {
        return weight.rows().length();
    }

    /** The number of elements of the weight. */
    public long weights() {
        return (long) outputs() * inputs();
    }
}
