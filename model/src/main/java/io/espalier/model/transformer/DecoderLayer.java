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
        return forward(x, rotary, null, target);
    }

    /** The same for the next t positions of a text whose keys and values are cached. */
    Tensor forward(Tensor x, Rotary rotary, @Nullable KvCache cache, Scope target) {
        try (Tensor attended = attend(x, rotary, cache, target)) {
            return feedForward(attended, x, target);
        }
    }

    /** Computes the attention half and adds it to x: [b, t, d] to [b, t, d]. */
    Tensor attend(Tensor x, Rotary rotary, @Nullable KvCache cache, Scope target) {
        try (Scope scope = Scope.open()) {
            return sum(LayerHalf.ATTENTION, x, attentionOutput(x, rotary, cache, scope), scope)
                    .keepIn(target);
        }
    }

    /**
     * Computes the feed-forward half and adds it to x: [b, t, d] to [b, t, d].
     *
     * @param entered what entered the layer, which the half reads in a layer with halves side by side
     */
    Tensor feedForward(Tensor x, Tensor entered, Scope target) {
        try (Scope scope = Scope.open()) {
            Tensor read = layout.parallel() ? entered : x;
            return sum(LayerHalf.FEED_FORWARD, x, feedForwardOutput(read, scope), scope)
                    .keepIn(target);
        }
    }

    /** Computes both halves and overwrites x. */
    void advanceInPlace(Tensor x, Rotary rotary) {
        try (Scope scope = Scope.open()) {
            Tensor entered = layout.parallel() ? new Kernels(scope).copy(x) : x;
            attendInPlace(x, rotary);
            feedForwardInPlace(x, entered);
        }
    }

    /** Computes the attention half and overwrites x. */
    void attendInPlace(Tensor x, Rotary rotary) {
        try (Scope scope = Scope.open()) {
            addInPlace(LayerHalf.ATTENTION, x, attentionOutput(x, rotary, null, scope), scope);
        }
    }

    /**
     * Computes the feed-forward half and overwrites x.
     *
     * @param entered as in {@link #feedForward}
     */
    void feedForwardInPlace(Tensor x, Tensor entered) {
        try (Scope scope = Scope.open()) {
            Tensor read = layout.parallel() ? entered : x;
            addInPlace(LayerHalf.FEED_FORWARD, x, feedForwardOutput(read, scope), scope);
        }
    }

    private Tensor attentionOutput(Tensor x, Rotary rotary, @Nullable KvCache cache, Scope target) {
        try (Scope scope = Scope.open()) {
            Tensor heads = headOutputs(x, rotary, cache, scope);
            return linears.apply(layout.attention().output(), heads, scope).keepIn(target);
        }
    }

    private Tensor feedForwardOutput(Tensor x, Scope target) {
        try (Scope scope = Scope.open()) {
            return linears.apply(layout.feedForward().down(), ffnActivations(x, scope), scope)
                    .keepIn(target);
        }
    }

    /** The residual stream after a half, of which {@code projected} is the output. */
    private Tensor sum(LayerHalf half, Tensor x, Tensor projected, Scope scope) {
        Tensor sum = new Kernels(scope).add(x, added(half, projected, scope));
        return normedStream(half, sum, scope);
    }

    private void addInPlace(LayerHalf half, Tensor x, Tensor projected, Scope scope) {
        Kernels kernels = new Kernels(scope);
        kernels.addInPlace(x, added(half, projected, scope));
        if (layout.around(half).sum() != null) {
            kernels.replace(x, normedStream(half, x, scope));
        }
    }

    private Tensor added(LayerHalf half, Tensor projected, Scope scope) {
        Residual around = layout.around(half);
        Tensor normed = normed(around.output(), projected, scope);
        return around.scale() == 1 ? normed : new Kernels(scope).scaled(normed, around.scale());
    }

    /** The residual stream is fp32 whatever the type of the weights, so its norm is computed with fp32 weights. */
    private Tensor normedStream(LayerHalf half, Tensor sum, Scope scope) {
        @Nullable Norm norm = layout.around(half).sum();
        return norm == null
                ? sum
                : norm.apply(sum, parameter -> new Kernels(scope).widened(weights.get(parameter)), scope);
    }

    /**
     * Computes one half for one chunk of windows.
     *
     * @param x hidden states [b, t, d] of positions 0 to t − 1, which the half reads and is added to
     * @return hidden states after that half, [b, t, d], in {@code target}
     */
    public Tensor through(LayerHalf half, Tensor x, Scope target) {
        if (half == LayerHalf.FEED_FORWARD) {
            return feedForward(x, x, target);
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
        Tensor normed = normed(layout.aroundAttention().input(), x, scope);
        return layout.attention().headOutputs(normed, linears, weights::get, rotary, cache, scope);
    }

    private Tensor ffnActivations(Tensor x, Scope scope) {
        Tensor normed = normed(layout.aroundFeedForward().input(), x, scope);
        return layout.feedForward().activate(normed, linears, scope);
    }

    private Tensor normed(@Nullable Norm norm, Tensor x, Scope scope) {
        return norm == null ? x : norm.apply(x, weights::get, scope);
    }
}
