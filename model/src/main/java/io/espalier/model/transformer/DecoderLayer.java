package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One decoder layer with its weights. Its two halves can be computed separately, because a repair measures the
 * feed-forward half after the attention half was repaired.
 *
 * @param linears applies the linear layers
 */
public record DecoderLayer(LayerLayout layout, LayerWeights weights, Linears linears) {
    /** The layer with its linear layers applied to the given weights. */
    public DecoderLayer(LayerLayout layout, LayerWeights weights) {
        this(layout, weights, weights);
    }

    /** This layer, with an observer that receives the input of each linear layer. */
    DecoderLayer observed(Linears.InputObserver observer) {
        return new DecoderLayer(layout, weights, linears.observed(observer));
    }

    /**
     * Computes both halves for one chunk of windows. It computes the rotary angles itself.
     *
     * @param x hidden states [b, t, d] of positions 0 to t − 1
     * @return hidden states after the layer, [b, t, d], in {@code target}
     */
    public Tensor forward(Tensor x, Scope target) {
        try (Scope angles = Scope.open()) {
            return forward(x, rotary(x, angles), target);
        }
    }

    /**
     * Computes both halves.
     *
     * @param x hidden states [b, t, d] of positions 0 to t − 1
     * @param rotary angles of these positions
     * @return hidden states after the layer, [b, t, d], in {@code target}
     */
    public Tensor forward(Tensor x, Rotary rotary, Scope target) {
        try (Tensor attended = attend(x, rotary, null, target)) {
            return feedForward(attended, target);
        }
    }

    /** Computes the attention half, {@code x + output(attention(norm(x)))}: [b, t, d] to [b, t, d]. */
    Tensor attend(Tensor x, Rotary rotary, @Nullable KvCache cache, Scope target) {
        try (Tensor added = attentionOutput(x, rotary, cache, target)) {
            return new Kernels(target).add(x, added);
        }
    }

    /** Computes the feed-forward half, {@code x + down(activate(norm(x)))}: [b, t, d] to [b, t, d]. */
    Tensor feedForward(Tensor x, Scope target) {
        try (Tensor added = feedForwardOutput(x, target)) {
            return new Kernels(target).add(x, added);
        }
    }

    /** Computes the attention half and overwrites x. */
    void attendInPlace(Tensor x, Rotary rotary) {
        try (Scope scope = Scope.open()) {
            new Kernels(scope).addInPlace(x, attentionOutput(x, rotary, null, scope));
        }
    }

    /** Computes the feed-forward half and overwrites x. */
    void feedForwardInPlace(Tensor x) {
        try (Scope scope = Scope.open()) {
            new Kernels(scope).addInPlace(x, feedForwardOutput(x, scope));
        }
    }

    private Tensor attentionOutput(Tensor x, Rotary rotary, @Nullable KvCache cache, Scope target) {
        try (Scope scope = Scope.open()) {
            Tensor projected = linears.apply(layout.attention().output(), headOutputs(x, rotary, cache, scope), scope);
            return normed(layout.postAttentionNorm(), projected, scope).keepIn(target);
        }
    }

    private Tensor feedForwardOutput(Tensor x, Scope target) {
        try (Scope scope = Scope.open()) {
            Tensor projected = linears.apply(layout.feedForward().down(), ffnActivations(x, scope), scope);
            return normed(layout.postFeedForwardNorm(), projected, scope).keepIn(target);
        }
    }

    /**
     * Computes one half for one chunk of windows.
     *
     * @param x hidden states [b, t, d] of positions 0 to t − 1
     * @return hidden states after that half, [b, t, d], in {@code target}
     */
    public Tensor through(LayerHalf half, Tensor x, Scope target) {
        if (half == LayerHalf.FEED_FORWARD) {
            return feedForward(x, target);
        }
        try (Scope angles = Scope.open()) {
            return attend(x, rotary(x, angles), null, target);
        }
    }

    /**
     * Computes the input of a half's output projection, see {@link LayerLayout#outputProjection}.
     *
     * @param x hidden states [b, t, d] of positions 0 to t − 1
     * @return the outputs of the heads [b, t, h·D] or the FFN activations [b, t, f], in {@code target}
     */
    public Tensor outputProjectionInput(LayerHalf half, Tensor x, Scope target) {
        try (Scope scope = Scope.open()) {
            Tensor input = half == LayerHalf.ATTENTION
                    ? headOutputs(x, rotary(x, scope), null, scope)
                    : ffnActivations(x, scope);
            return input.keepIn(target);
        }
    }

    private Rotary rotary(Tensor x, Scope scope) {
        return Rotary.of(layout.attention().rotation(), 0, x.dim(1), scope);
    }

    private Tensor headOutputs(Tensor x, Rotary rotary, @Nullable KvCache cache, Scope scope) {
        Tensor normed = layout.attentionNorm().apply(x, weights::get, scope);
        return layout.attention().headOutputs(normed, linears, weights::get, rotary, cache, scope);
    }

    private Tensor ffnActivations(Tensor x, Scope scope) {
        Tensor normed = layout.feedForwardNorm().apply(x, weights::get, scope);
        return layout.feedForward().activate(normed, linears, scope);
    }

    private Tensor normed(@Nullable Norm norm, Tensor x, Scope scope) {
        return norm == null ? x : norm.apply(x, weights::get, scope);
    }
}
