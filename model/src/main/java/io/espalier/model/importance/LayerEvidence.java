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
 * Everything a criterion may look at in one layer.
 *
 * @param linears of the layer that are looked at: all, or those of one half
 * @param seed of the job
 * @param statistics absent unless the criterion needs activations
 * @param gradient absent unless the criterion needs it
 * @param hessians absent unless the criterion needs them
 */
public record LayerEvidence(
        LayerLayout layout,
        List<Linear> linears,
        LayerWeights weights,
        long seed,
        @Nullable InputStatistics statistics,
        @Nullable GradientSource gradient,
        @Nullable LayerHessians hessians) {
    /** Nothing but the weights. */
    public LayerEvidence(LayerLayout layout, LayerWeights weights, long seed) {
        this(layout, layout.linears(), weights, seed, null, null, null);
    }

    public LayerEvidence with(@Nullable InputStatistics measured) {
        return new LayerEvidence(layout, linears, weights, seed, measured, gradient, hessians);
    }

    public LayerEvidence with(@Nullable GradientSource source) {
        return new LayerEvidence(layout, linears, weights, seed, statistics, source, hessians);
    }

    /** With exact gradients, and nothing of the linear layers that have none. */
    public LayerEvidence with(LayerGradients gradients) {
        return new LayerEvidence(layout, gradients.linears(), weights, seed, statistics, gradients, hessians);
    }

    public LayerEvidence with(LayerHessians gathered) {
        return new LayerEvidence(layout, linears, weights, seed, statistics, gradient, gathered);
    }

    /** W, [out, in]. */
    public Tensor weight(Linear linear) {
        return weights.get(linear.weight());
    }

    /** Moments of each input feature of the linear layer over all calibration tokens. */
    public FeatureMoments inputs(Linear linear) {
        if (statistics == null) {
            throw noStatistics();
        }
        return statistics.of(linear);
    }

    /** n_j = √u_j, the norm of each input feature of the linear layer over all calibration tokens, fp32 [in]. */
    public Tensor norms(Linear linear, Scope scope) {
        double[] norms = inputs(linear).norms();
        return scope.floats(WandaSp.narrowed(norms), norms.length);
    }

    /** Moments of the cosine between a token's hidden state before the layer and after it: one feature. */
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

    /** H = XᵀX of the linear layer's input, [in, in]. Solving it overwrites it. */
    public GramSystem hessian(Linear linear) {
        if (hessians == null) {
            throw new EspalierException(ErrorCode.INTERNAL, "score: the criterion needs Hessians, but none were given");
        }
        return hessians.of(linear);
    }

    /** The gradient of the loss for W, exact or estimated, fp32 [out, in]. */
    public Tensor gradient(Linear linear, Scope scope) {
        return source().gradient(linear, scope);
    }

    /** A, [out, in]; see {@link GradientSource#squaredGradient}. */
    public Tensor squaredGradient(Linear linear, Scope scope) {
        return source().squaredGradient(linear, scope);
    }

    /** See {@link GradientSource#outputNorms}. */
    public double[] outputNorms(Linear linear) {
        return source().outputNorms(linear);
    }

    /** Samples behind {@link #squaredGradient}. */
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
