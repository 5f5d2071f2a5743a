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

    /** The same layer with its linear inputs shown to a witness. */
    public DecoderLayer watched(Linears.InputWitness witness) {
        return new DecoderLayer(layout, weights, linears.watched(witness));
    }

    /**
     * Both halves, for a chunk on its own.
     *
     * @param x hidden state [b, t, d], which starts the text
     */
    public Tensor forward(Tensor x, Scope target) {
        try (Scope angles = Scope.open()) {
            return forward(x, Rotary.of(layout.attention().frequencies(), 0, x.dim(1), angles), target);
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
        try (Scope scope = Scope.open()) {
            Tensor normed = layout.attentionNorm().apply(x, weights::get, scope);
            Tensor mixed = layout.attention().mix(normed, linears, weights::get, rotary, cache, scope);
            Tensor projected = linears.apply(layout.attention().output(), mixed, scope);
            return new Kernels(target).add(x, normed(layout.attendedNorm(), projected, scope));
        }
    }

    /** {@code x + down(activate(norm(x)))} */
    Tensor feedForward(Tensor x, Scope target) {
        try (Scope scope = Scope.open()) {
            Tensor normed = layout.feedForwardNorm().apply(x, weights::get, scope);
            Tensor active = layout.feedForward().activate(normed, linears, scope);
            Tensor projected = linears.apply(layout.feedForward().down(), active, scope);
            return new Kernels(target).add(x, normed(layout.fedNorm(), projected, scope));
        }
    }

    /** Whether the layer's output is the sum of two things, the second a plain product: {@link #upToDown}. */
    public boolean endsInDown() {
        return layout.fedNorm() == null;
    }

    /**
     * A layer that ends in the down projection, just before that: its output is {@code attended + down(active)}.
     *
     * @param attended hidden state between the halves, [b, t, d]
     * @param active what enters the down projection, [b, t, f]
     */
    public record BeforeDown(Tensor attended, Tensor active) {}

    /** @param x hidden state [b, t, d], which starts the text */
    public BeforeDown upToDown(Tensor x, Scope target) {
        try (Scope scope = Scope.open()) {
            Rotary rotary = Rotary.of(layout.attention().frequencies(), 0, x.dim(1), scope);
            Tensor attended = attend(x, rotary, null, target);
            Tensor normed = layout.feedForwardNorm().apply(attended, weights::get, scope);
            return new BeforeDown(
                    attended,
                    layout.feedForward().activate(normed, linears, scope).keepIn(target));
        }
    }

    private Tensor normed(@Nullable Norm norm, Tensor x, Scope scope) {
        return norm == null ? x : norm.apply(x, weights::get, scope);
    }
}
