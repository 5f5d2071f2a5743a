package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/** Normalisation over the last axis. */
public sealed interface Norm {
    /** The tensors of the norm. */
    List<Parameter> parameters();

    /**
     * Normalises each row.
     *
     * @param x [.., width]
     * @param weights gives the tensors of {@link #parameters()}
     * @return [.., width], in the type of the weight
     */
    Tensor apply(Tensor x, Function<Parameter, Tensor> weights, Scope scope);

    /**
     * Root mean square normalisation.
     *
     * @param epsilon added to the mean square
     * @param offset 1 if the checkpoint stores the weight minus 1, else 0
     */
    record Rms(Parameter weight, double epsilon, double offset) implements Norm {
        @Override
        public List<Parameter> parameters() {
            return List.of(weight);
        }

        @Override
        public Tensor apply(Tensor x, Function<Parameter, Tensor> weights, Scope scope) {
            return new Kernels(scope).rmsNorm(x, weights.apply(weight), epsilon, offset);
        }
    }

    /**
     * Layer normalisation, by mean and standard deviation.
     *
     * @param epsilon added to the variance
     */
    record Layer(Parameter weight, Parameter bias, double epsilon) implements Norm {
        static Layer of(String module, Axis width, double epsilon) {
            return new Layer(
                    Parameter.vector(module + ".weight", width), Parameter.vector(module + ".bias", width), epsilon);
        }

        @Override
        public List<Parameter> parameters() {
            return List.of(weight, bias);
        }

        @Override
        public Tensor apply(Tensor x, Function<Parameter, Tensor> weights, Scope scope) {
            return new Kernels(scope).layerNorm(x, weights.apply(weight), weights.apply(bias), epsilon);
        }
    }
}
