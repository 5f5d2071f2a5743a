package io.espalier.model.tensor;

import ai.djl.pytorch.jni.IValue;
import io.espalier.model.checkpoint.DType;

/** The kernels of {@code recovery.py}, which has the arithmetic. Results belong to one scope. Tensors are fp32. */
public final class RecoveryKernels extends KernelCalls {
    public RecoveryKernels(Scope scope) {
        super(scope);
    }

    /**
     * One step of AdamW (Loshchilov and Hutter, 2019), in place.
     *
     * @param weight w, contiguous
     * @param gradient of the loss, of the shape of w
     * @param mean running mean of the gradient, of the shape of w
     * @param square running mean of the squared gradient, of the shape of w
     * @param rate learning rate
     * @param settings decays of the means, and of the weights
     * @param step number of this step, from 1
     */
    public void adam(Tensor weight, Tensor gradient, Tensor mean, Tensor square, double rate, Adam settings, int step) {
        tensor(
                        "adam",
                        of(weight),
                        of(gradient),
                        of(mean),
                        of(square),
                        IValue.from(rate),
                        IValue.from(settings.beta1()),
                        IValue.from(settings.beta2()),
                        IValue.from(settings.epsilon()),
                        IValue.from(settings.weightDecay()),
                        IValue.from(1 - Math.pow(settings.beta1(), step)),
                        IValue.from(1 - Math.pow(settings.beta2(), step)))
                .close();
    }

    /**
     * @param beta1 decay of the running mean of the gradient
     * @param beta2 decay of the running mean of its square
     * @param epsilon added to the root of that mean
     * @param weightDecay share of a weight that each step takes, times the learning rate
     */
    public record Adam(double beta1, double beta2, double epsilon, double weightDecay) {
        /** The usual numbers, without weight decay. */
        public static final Adam USUAL = new Adam(0.9, 0.999, 1e-8, 0);
    }

    /**
     * Sets the gradients of removed weights to zero, in place, so that the next step of {@link #adam} leaves those weights as they
     * are. The removed weights are those that were 0 before the first step; one that a step takes to 0 can move on.
     *
     * @param weight w, contiguous
     * @param gradient of the loss, of the shape of w
     * @param square running mean of the squared gradient before the step, of the shape of w
     */
    public void holdZeros(Tensor weight, Tensor gradient, Tensor square) {
        tensor("hold_zeros", of(weight), of(gradient), of(square)).close();
    }

    /** x · factor, in place. */
    public void scaleInPlace(Tensor x, double factor) {
        tensor("scale_in_place", of(x), IValue.from(factor)).close();
    }

    /** Σ x². */
    public double sumOfSquares(Tensor x) {
        return doubles("sum_of_squares", of(x))[0];
    }

    /** Σ (y − target)². */
    public double squaredError(Tensor y, Tensor target) {
        return doubles("squared_error", of(y), of(target))[0];
    }

    /** The gradient of weight · Σ (y − target)² with respect to y, of its shape. */
    public Tensor errorGradient(Tensor y, Tensor target, double weight) {
        return tensor("error_gradient", of(y), of(target), IValue.from(weight));
    }

    /**
     * Adds the sum over all rows, in place.
     *
     * @param sums [out]
     * @param x [.., out]
     */
    public void addRowSums(Tensor sums, Tensor x) {
        tensor("add_row_sums", of(sums), of(x)).close();
    }

    /** The values that are left when x is stored as {@code type}. */
    public Tensor rounded(Tensor x, DType type) {
        return switch (type) {
            case BF16 -> tensor("rounded_to_bfloat16", of(x));
            case F16 -> tensor("rounded_to_half", of(x));
            default -> new Kernels(scope).alias(x);
        };
    }

    /**
     * w + scale · b a, in place.
     *
     * @param weight w [out, in]
     * @param b [out, r]
     * @param a [r, in]
     */
    public void addLowRank(Tensor weight, Tensor b, Tensor a, double scale) {
        tensor("add_low_rank", of(weight), of(b), of(a), IValue.from(scale)).close();
    }

    /**
     * Adds the gradients of y = x (W + scale · b a)ᵀ with respect to a and b, in place.
     *
     * @param ofA [r, in]
     * @param ofB [out, r]
     * @param x input [b, t, in]
     * @param upstream dY [b, t, out]
     */
    public void addLowRankGradients(
            Tensor ofA, Tensor ofB, Tensor a, Tensor b, Tensor x, Tensor upstream, double scale) {
        tensor("add_low_rank_gradients", of(ofA), of(ofB), of(a), of(b), of(x), of(upstream), IValue.from(scale))
                .close();
    }

    /**
     * The gradient of weight · Σ KL(dense ‖ other) over n predictions with respect to the other model's uncapped logits of a
     * block of the vocabulary.
     *
     * @param state fp64 [5, n] over the whole vocabulary, see {@link SearchKernels#foldDivergence}
     * @param dense capped logits [n, block]
     * @param other capped logits [n, block]
     * @param cap of the logits; 0 means no cap
     * @return [n, block]
     */
    public Tensor divergenceGradient(Tensor state, Tensor dense, Tensor other, double cap, double weight) {
        return tensor("divergence_gradient", of(state), of(dense), of(other), IValue.from(cap), IValue.from(weight));
    }
}
