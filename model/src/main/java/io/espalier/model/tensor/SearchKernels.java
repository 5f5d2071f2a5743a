package io.espalier.model.tensor;

import ai.djl.pytorch.jni.IValue;

/**
 * The kernels of {@code search.py}, which has the arithmetic. Results belong to one scope. The input columns of a linear
 * layer W [out, in] are in the order of their removal, the first to go first.
 */
public final class SearchKernels extends KernelCalls {
    public SearchKernels(Scope scope) {
        super(scope);
    }

    /**
     * Factors H + λI in place.
     *
     * @param system H, fp64 [in, in]
     * @param damping λ
     * @return empty, and H unchanged, when H is not positive definite
     */
    public Tensor factorized(Tensor system, double damping) {
        return tensor("factorized", of(system), IValue.from(damping));
    }

    /**
     * How W changes when its first columns go and the others make up for them by least squares.
     *
     * @param system the factor of H + λI, as {@link #factorized} leaves it
     * @param weight W, fp32 [out, in]
     * @param removed how many columns go, less than all
     * @return fp32 [out, in]
     */
    public Tensor levelChange(Tensor system, Tensor weight, int removed) {
        return tensor("level_change", of(system), of(weight), IValue.from((long) removed));
    }

    /**
     * Σ (g·Δ)² over tokens, where Δ is the change of the output.
     *
     * @param x input [b, t, in]
     * @param upstream g, the gradient with respect to the output [b, t, out]
     * @param change of W, [out, in]
     */
    public double squaredChanges(Tensor x, Tensor upstream, Tensor change) {
        return doubles("squared_changes", of(x), of(upstream), of(change))[0];
    }

    /**
     * Goes on drawing a token for each of n predictions.
     *
     * @param drawn fp64 [2, n]: probability of the tokens before, and the token that was drawn, −1 for none yet
     * @param logits capped logits of a block of the vocabulary, [n, block]
     * @param fold fp64 [3, n] over the whole vocabulary, see {@link VocabularyKernels#emptyFold}
     * @param uniform fp64 [n], in [0, 1)
     * @param start token id of the block's first row
     * @return the new state, fp64 [2, n]
     */
    public Tensor drawTokens(Tensor drawn, Tensor logits, Tensor fold, Tensor uniform, int start) {
        return tensor("draw_tokens", of(drawn), of(logits), of(fold), of(uniform), IValue.from((long) start));
    }

    /** The state of a divergence over n predictions before the first block of the vocabulary, fp64 [5, n]. */
    public Tensor emptyDivergence(int n) {
        return tensor("empty_divergence", IValue.from((long) n));
    }

    /**
     * Adds a block of the vocabulary to KL(dense ‖ other).
     *
     * @param state fp64 [5, n]
     * @param dense capped logits of the dense model [n, block]
     * @param other capped logits of the other model [n, block]
     * @return the new state
     */
    public Tensor foldDivergence(Tensor state, Tensor dense, Tensor other) {
        return tensor("fold_divergence", of(state), of(dense), of(other));
    }

    /** The state of the most likely tokens of n predictions before the first block of the vocabulary, fp64 [4, n]. */
    public Tensor emptyLikeliest(int n) {
        return tensor("empty_likeliest", IValue.from((long) n));
    }

    /**
     * Goes on looking for the token that each model finds most likely, the first of equals.
     *
     * @param state fp64 [4, n]
     * @param dense logits of the dense model [n, block]
     * @param other logits of the other model [n, block]
     * @param start token id of the block's first row
     * @return the new state
     */
    public Tensor foldLikeliest(Tensor state, Tensor dense, Tensor other, int start) {
        return tensor("fold_likeliest", of(state), of(dense), of(other), IValue.from((long) start));
    }

    /** @return 1 where both models find the same token most likely, else 0, [n] */
    public double[] sameLikeliest(Tensor state) {
        return doubles("same_likeliest", of(state));
    }

    /** @return KL(dense ‖ other) of each prediction in nats, [n] */
    public double[] divergence(Tensor state) {
        return doubles("divergence", of(state));
    }
}
