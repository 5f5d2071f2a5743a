package io.espalier.model.importance;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything a criterion may use to score one decoder layer.
 *
 * @param linears the linear layers that are scored: all of the layer, or those of one half
 * @param weights the weights of the layer, or of those of its linear layers that the criteria use
 * @param seed the job's seed
 * @param statistics null unless the criterion needs activations
 * @param gradient null unless the criterion needs a gradient
 * @param hessians null unless the criterion needs Hessians
 */
public record LayerEvidence(
        LayerLayout layout,
        List<Linear> linears,
        LayerWeights weights,
        long seed,
        @Nullable InputStatistics statistics,
        @Nullable GradientSource gradient,
        @Nullable LayerHessians hessians) {
    /** Evidence that consists of the weights only. */
    public LayerEvidence(LayerLayout layout, LayerWeights weights, long seed) {
        this(layout, layout.linears(), weights, seed, null, null, null);
    }

    public LayerEvidence with(@Nullable InputStatistics measured) {
        return new LayerEvidence(layout, linears, weights, seed, measured, gradient, hessians);
    }

    public LayerEvidence with(@Nullable GradientSource source) {
        return new LayerEvidence(layout, linears, weights, seed, statistics, source, hessians);
    }

    /** A copy with exact gradients. It covers only the linear layers that have gradients. */
    public LayerEvidence with(LayerGradients gradients) {
        return new LayerEvidence(layout, gradients.linears(), weights, seed, statistics, gradients, hessians);
    }

    public LayerEvidence with(LayerHessians gathered) {
        return new LayerEvidence(layout, linears, weights, seed, statistics, gradient, gathered);
    }

    /** The weight W of a linear layer, [out, in]. */
    public Tensor weight(Linear linear) {
        return weights.get(linear.weight());
    }

    /** The moments of each input feature of a linear layer over all calibration tokens. */
    public FeatureMoments inputs(Linear linear) {
        if (statistics == null) {
            throw noStatistics();
        }
        return statistics.of(linear);
    }

    /** The norm n_j = √u_j of each input feature of a linear layer over all calibration tokens: fp32 [in]. */
    public Tensor norms(Linear linear, Scope scope) {
        double[] norms = inputs(linear).norms();
        return scope.floats(WandaSp.narrowed(norms), norms.length);
    }

    /**
     * The moments over all tokens of the cosine between the hidden states before and after the layer. The cosine is a
     * single feature.
     */
    public FeatureMoments cosine() {
        if (statistics == null) {
            throw noStatistics();
        }
        return statistics.cosine(layout);
    }

    private static EspalierException noStatistics() {
        return new EspalierException(
                ErrorCode.INTERNAL, "score: the criterion needs activations, but no statistics were given");
    }

    /** The Hessian H = XᵀX of a linear layer with input X, [in, in]. Solving the system overwrites it. */
    public GramSystem hessian(Linear linear) {
        if (hessians == null) {
            throw new EspalierException(ErrorCode.INTERNAL, "score: the criterion needs Hessians, but none were given");
        }
        return hessians.of(linear);
    }

    /** The gradient dL/dW of a linear layer's weight, exact or estimated: fp32 [out, in]. */
    public Tensor gradient(Linear linear, Scope scope) {
        return source().gradient(linear, scope);
    }

    /** The mean A of the samples' squared gradients, fp32 [out, in]. See {@link GradientSource#squaredGradient}. */
    public Tensor squaredGradient(Linear linear, Scope scope) {
        return source().squaredGradient(linear, scope);
    }

    /** The norm of the gradient with respect to each output feature, [out]. See {@link GradientSource#outputNorms}. */
    public double[] outputNorms(Linear linear) {
        return source().outputNorms(linear);
    }

    /** The number of samples over which {@link #squaredGradient} is the mean. */
    public int samples() {
        return source().samples();
    }

    private GradientSource source() {
        if (gradient == null) {
            throw new EspalierException(
                    ErrorCode.INTERNAL, "score: the criterion needs a gradient, but none was given");
        }
        return gradient;
    }
}
