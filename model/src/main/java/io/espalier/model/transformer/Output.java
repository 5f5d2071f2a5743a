package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How the hidden states after the last layer become logits: a norm, a projection to the width of the output embedding, a
 * factor, the product with the output embedding, and a cap.
 *
 * @param norm the final norm; null for none
 * @param projection P, [e, d]; null where the output embedding is as wide as the residual stream
 * @param scale factor of the logits before the cap
 * @param embedding output embedding [vocabulary, e]; it is the token embedding if the two are tied
 * @param logitCap logits are capped to (−cap, cap) by tanh; 0 means no cap
 */
public record Output(
        @Nullable Norm norm, @Nullable Parameter projection, double scale, Parameter embedding, double logitCap) {
    /** A final norm and the product with the output embedding. */
    static Output of(Norm norm, Parameter embedding) {
        return new Output(norm, null, 1, embedding, 0);
    }

    /** The width e of the output embedding. */
    int width() {
        return embedding.columns().length();
    }

    /** The tensors that are used before the output embedding, which is larger than all of them. */
    List<Parameter> beforeEmbedding() {
        List<Parameter> parameters = new ArrayList<>(norm == null ? List.of() : norm.parameters());
        if (projection != null) {
            parameters.add(projection);
        }
        return parameters;
    }

    /**
     * The vectors that are multiplied with the rows of the output embedding.
     *
     * @param x hidden states after the last layer [.., d]
     * @param weights gives the tensors of {@link #beforeEmbedding()}
     * @return [.., e]
     */
    Tensor features(Tensor x, Function<Parameter, Tensor> weights, Scope scope) {
        Kernels kernels = new Kernels(scope);
        Tensor normed = normed(x, weights, scope);
        Tensor projected = projection == null ? normed : kernels.linear(normed, weights.apply(projection));
        return scale == 1 ? projected : kernels.scaled(projected, scale);
    }

    /** The first step of {@link #features}, the only one that is not linear. */
    Tensor normed(Tensor x, Function<Parameter, Tensor> weights, Scope scope) {
        return norm == null ? new Kernels(scope).alias(x) : norm.apply(x, weights, scope);
    }

    /**
     * Leads a gradient back through the linear steps of {@link #features}.
     *
     * @param upstream gradient with respect to the features [.., e]
     * @return gradient with respect to the normed hidden states [.., d]
     */
    Tensor beforeFeatures(Tensor upstream, Function<Parameter, Tensor> weights, Scope scope) {
        Kernels kernels = new Kernels(scope);
        Tensor scaled = scale == 1 ? upstream : kernels.scaled(upstream, scale);
        return projection == null ? scaled : kernels.linearGradient(scaled, weights.apply(projection));
    }
}
