package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One decoder layer ready to compute, in its two halves: pruning measures the second behind the repaired first.
 *
 * @param linears how its linear layers are applied
 */
public record DecoderLayer(LayerLayout layout, LayerWeights weights, Linears linears) {
    /** The layer as it is stored. */
    public DecoderLayer(LayerLayout layout, LayerWeights weights) {
        this(layout, weights, weights);
    }

    /** The same layer with its linear inputs shown to a observer. */
    DecoderLayer observed(Linears.InputObserver observer) {
        return new DecoderLayer(layout, weights, linears.observed(observer));
    }

    /**
     * Both halves, for a chunk on its own.
     *
     * @param x hidden state [b, t, d], which starts the text
     */
    public Tensor forward(Tensor x, Scope target) {
        try (Scope angles = Scope.open()) {
            return forward(x, rotary(x, angles), target);
        }
    }

    /**
     * Both halves.
     *
     * @param x hidden state [b, t, d], which starts the text
     */
    public Tensor forward(Tensor x, Rotary rotary, Scope target) {
        try (Tensor attended = attend(x, rotary, null, target)) {
            return feedForward(attended, target);
        }
    }

    /** {@code x + o(attention(norm(x)))} */
    Tensor attend(Tensor x, Rotary rotary, @Nullable KvCache cache, Scope target) {
        try (Tensor attended = attended(x, rotary, cache, target)) {
            return new Kernels(target).add(x, attended);
        }
    }

    /** {@code x + down(activate(norm(x)))} */
    Tensor feedForward(Tensor x, Scope target) {
        try (Tensor fed = fed(x, target)) {
            return new Kernels(target).add(x, fed);
        }
    }

    /** {@link #attend} in the place of x. */
    void attendInPlace(Tensor x, Rotary rotary) {
        try (Scope scope = Scope.open()) {
            new Kernels(scope).addInPlace(x, attended(x, rotary, null, scope));
        }
    }

    /** {@link #feedForward} in the place of x. */
    void feedForwardInPlace(Tensor x) {
        try (Scope scope = Scope.open()) {
            new Kernels(scope).addInPlace(x, fed(x, scope));
        }
    }

    private Tensor attended(Tensor x, Rotary rotary, @Nullable KvCache cache, Scope target) {
        try (Scope scope = Scope.open()) {
            Tensor projected = linears.apply(layout.attention().output(), mixed(x, rotary, cache, scope), scope);
            return normed(layout.attendedNorm(), projected, scope).keepIn(target);
        }
    }

    private Tensor fed(Tensor x, Scope target) {
        try (Scope scope = Scope.open()) {
            Tensor projected = linears.apply(layout.feedForward().down(), activated(x, scope), scope);
            return normed(layout.fedNorm(), projected, scope).keepIn(target);
        }
    }

    /**
     * One half, for a chunk on its own.
     *
     * @param x hidden state [b, t, d], which starts the text
     * @return the hidden state behind that half, [b, t, d]
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
     * What enters the last linear layer of a half.
     *
     * @param x hidden state [b, t, d], which starts the text
     * @return [b, t, h·D] or [b, t, f]
     */
    public Tensor beforeLast(LayerHalf half, Tensor x, Scope target) {
        try (Scope scope = Scope.open()) {
            Tensor inner = half == LayerHalf.ATTENTION ? mixed(x, rotary(x, scope), null, scope) : activated(x, scope);
            return inner.keepIn(target);
        }
    }

    private Rotary rotary(Tensor x, Scope scope) {
        return Rotary.of(layout.attention().frequencies(), 0, x.dim(1), scope);
    }

    private Tensor mixed(Tensor x, Rotary rotary, @Nullable KvCache cache, Scope scope) {
        Tensor normed = layout.attentionNorm().apply(x, weights::get, scope);
        return layout.attention().mix(normed, linears, weights::get, rotary, cache, scope);
    }

    private Tensor activated(Tensor x, Scope scope) {
        Tensor normed = layout.feedForwardNorm().apply(x, weights::get, scope);
        return layout.feedForward().activate(normed, linears, scope);
    }

    private Tensor normed(@Nullable Norm norm, Tensor x, Scope scope) {
        return norm == null ? x : norm.apply(x, weights::get, scope);
    }
}
