package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.function.Function;

/**
 * RMS normalisation over the last axis.
 *
 * @param epsilon added to the mean square
 */
public record Norm(Parameter weight, double epsilon) {
    Tensor apply(Tensor x, Function<Parameter, Tensor> weights, Scope scope) {
        return new Kernels(scope).rmsNorm(x, weights.apply(weight), epsilon, 0);
    }
}
