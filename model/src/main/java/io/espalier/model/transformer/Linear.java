package io.espalier.model.transformer;

import org.jspecify.annotations.Nullable;

/**
 * A linear layer {@code y = x Wᵀ + b}.
 *
 * @param module name without the tensor's suffix, under which input statistics are kept
 * @param weight [out, in]
 * @param bias [out]
 */
public record Linear(
        String module, Parameter weight, @Nullable Parameter bias) {
    static Linear of(String module, Axis rows, Axis columns, boolean biased) {
        return new Linear(
                module,
                Parameter.matrix(module + ".weight", rows, columns),
                biased ? Parameter.vector(module + ".bias", rows) : null);
    }

    /** The same with a bias. */
    Linear biased() {
        return of(module, weight.rows(), weight.columns(), true);
    }

    /** Features of the input. */
    public int inputs() {
        return weight.columns().length();
    }

    /** Features of the output. */
    public int outputs() {
        return weight.rows().length();
    }

    /** Numbers in its matrix. */
    public long weights() {
        return (long) outputs() * inputs();
    }
}
