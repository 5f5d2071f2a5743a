package io.espalier.model.tensor;

import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.espalier.model.checkpoint.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The kernels of {@code kernels.py}, which has the arithmetic. Results belong to one scope. Shapes are written as in
 * the papers: b windows, t tokens, s positions, d hidden size, h query heads, k KV heads, D head size, f FFN channels.
 * Tensors are fp32 unless said otherwise.
 */
public final class Kernels extends KernelCalls {
    public Kernels(Scope scope) {
        super(scope);
    }

    /**
     * A linear layer without a bias, y = x Wᵀ, in the type of the weight.
     *
     * @param x [.., in], converted to the type of the weight
     * @param weight W, [out, in]
     * @return [.., out]
     */
    public Tensor linear(Tensor x, Tensor weight) {
        return tensor("linear", of(x), of(weight));
    }

    /**
     * A linear layer, y = x Wᵀ + b, in the type of the weight.
     *
     * @param x [.., in], converted to the type of the weight
     * @param weight W, [out, in]
     * @param bias b, [out]
     * @return [.., out]
     */
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return tensor("linear_bias", of(x), of(weight), of(bias));
    }

    /**
     * Root mean square normalisation (Zhang and Sennrich, 2019), computed in fp32.
     *
     * @param x [.., d]
     * @param weight [d]
     * @param epsilon added to the mean square
     * @param offset added to each stored weight
     * @return [.., d] in the type of the weight
     */
    public Tensor rmsNorm(Tensor x, Tensor weight, double epsilon, double offset) {
        return tensor("rms_norm", of(x), of(weight), IValue.from(epsilon), IValue.from(offset));
    }

    /**
     * Layer normalisation (Ba et al., 2016), computed in fp32.
     *
     * @param x [.., d]
     * @param weight [d]
     * @param bias [d]
     * @param epsilon added to the variance
     * @return [.., d] in the type of the weight
     */
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon) {
        return tensor("layer_norm", of(x), of(weight), of(bias), IValue.from(epsilon));
    }

    /** Splits the last axis into heads: [b, t, heads·D] to [b, heads, t, D]. */
    public Tensor splitHeads(Tensor x, int headDim) {
        return tensor("split_heads", of(x), IValue.from((long) headDim));
    }

    /**
     * Rotates the pairs (i, i + p) of each head, i < p, by the angles of their positions (RoFormer, section 3.2). The
     * positions of a head from 2·p on stay as they are.
     *
     * @param x [b, heads, t, D], D ≥ 2·p
     * @param cosines [t, p]
     * @param sines [t, p]
     * @return [b, heads, t, D] in the type of x
     */
    public Tensor rotate(Tensor x, Tensor cosines, Tensor sines) {
        return tensor("rotate", of(x), of(cosines), of(sines));
    }

    /**
     * Causal attention of the last t of s positions, where t is s (a prompt) or 1 (a token after a KV cache).
     *
     * @param q [b, h, t, D]
     * @param k [b, k, s, D]
     * @param v [b, k, s, D]
     * @param scale factor of each product of a query and a key
     * @return [b, t, h·D]
     */
    public Tensor causalAttention(Tensor q, Tensor k, Tensor v, double scale) {
        return tensor("causal_attention", of(q), of(k), of(v), IValue.from(scale));
    }

    /**
     * Splits a fused projection in which the query, key and value of one head follow each other.
     *
     * @param x [b, t, h·3·D]
     * @return queries, keys and values, [b, h, t, D] each
     */
    public List<Tensor> splitInterleaved(Tensor x, int headDim) {
        return tensors("split_interleaved", of(x), IValue.from((long) headDim));
    }

    /**
     * Splits the last axis in proportion to the shares, for example 1 and 1 into two halves.
     *
     * @param x [.., n], where n is a multiple of the sum of the shares
     * @return one view per share, [.., n · share / sum of the shares]
     */
    public List<Tensor> splitShares(Tensor x, long... shares) {
        return tensors("split_shares", of(x), IValue.listFrom(shares));
    }

    /**
     * {@link #causalAttention} with a sliding window, with ALiBi (Press et al., section 3) or with both.
     *
     * @param window number of positions that a query attends to, its own included; 0 means all
     * @param slopes ALiBi's slopes, [h]; empty without ALiBi
     * @param heads number of heads that are computed at the same time
     */
    public Tensor biasedAttention(Tensor q, Tensor k, Tensor v, double scale, int window, Tensor slopes, int heads) {
        return tensor(
                "biased_attention",
                of(q),
                of(k),
                of(v),
                IValue.from(scale),
                IValue.from((long) window),
                of(slopes),
                IValue.from((long) heads));
    }

    /**
     * {@link #causalAttention} with scores capped to (−cap, cap) by tanh (Gemma 2, section 2), and optionally with a
     * sliding window.
     *
     * @param window number of positions that a query attends to, its own included; 0 means all
     * @param heads number of heads that are computed at the same time, one window after the other
     */
    public Tensor cappedAttention(Tensor q, Tensor k, Tensor v, double scale, double cap, int window, int heads) {
        return tensor(
                "capped_attention",
                of(q),
                of(k),
                of(v),
                IValue.from(scale),
                IValue.from(cap),
                IValue.from((long) window),
                IValue.from((long) heads));
    }

    /**
     * Applies an activation function to each element.
     *
     * @param name {@code silu}, {@code relu}, {@code gelu} or {@code gelu_tanh}
     */
    public Tensor activation(Tensor x, String name) {
        return tensor("activation", of(x), IValue.from(name));
    }

    /**
     * activation(gate) · up, element by element. The result may overwrite the gate.
     *
     * @param gate [.., f]
     * @param up [.., f]
     * @param name as in {@link #activation}
     */
    public Tensor gated(Tensor gate, Tensor up, String name) {
        return tensor("gated", of(gate), of(up), IValue.from(name));
    }

    /** x · factor. */
    public Tensor scaled(Tensor x, double factor) {
        return tensor("scaled", of(x), IValue.from(factor));
    }

    /** x in fp32; x itself if it is. */
    public Tensor widened(Tensor x) {
        return tensor("widened", of(x));
    }

    /** x + y in the type of x. Shapes are broadcast. */
    public Tensor add(Tensor x, Tensor y) {
        return tensor("add", of(x), of(y));
    }

    /** The parts, joined along an axis. */
    public Tensor concatenate(List<Tensor> parts, int dim) {
        return tensor("concatenate", listOf(parts), IValue.from((long) dim));
    }

    /** Positions [start, start + length) along an axis, in one contiguous piece. */
    public Tensor narrow(Tensor x, int dim, int start, int length) {
        return tensor("narrow", of(x), IValue.from((long) dim), IValue.from((long) start), IValue.from((long) length));
    }

    /** A copy of the given positions along an axis, in the given order. */
    public Tensor select(Tensor x, int dim, int[] positions) {
        try (Tensor index = scope.positions(positions)) {
            return select(x, dim, index);
        }
    }

    /**
     * A copy of the given positions along an axis, in the given order.
     *
     * @param positions int64 [n]
     */
    public Tensor select(Tensor x, int dim, Tensor positions) {
        return tensor("select", of(x), IValue.from((long) dim), of(positions));
    }

    /**
     * Sums over tokens of each feature and of its square.
     *
     * @param x [.., in]
     * @return Σx of each feature, then Σx² of each feature: [2·in]
     */
    public double[] moments(Tensor x) {
        return doubles("moments", of(x));
    }

    /**
     * Sums over tokens of the cosine between two hidden states and of its square.
     *
     * @param x [.., d]
     * @param y [.., d]
     * @return Σ cos(x, y) and Σ cos²(x, y): [2]
     */
    public double[] cosineMoments(Tensor x, Tensor y) {
        return doubles("cosine_moments", of(x), of(y));
    }

    /**
     * Adds xᵀx to a Gram matrix, in place.
     *
     * @param gram [in, in]
     * @param x [.., in]
     */
    public void accumulateGram(Tensor gram, Tensor x) {
        tensor("accumulate_gram", of(gram), of(x)).close();
    }

    /** Zeros, fp32 [rows, columns]. */
    public Tensor zeros(int rows, int columns) {
        return tensor("zeros", IValue.from((long) rows), IValue.from((long) columns));
    }

    /** Zeros, fp64 [rows, columns]. */
    public Tensor zeros64(int rows, int columns) {
        return tensor("zeros64", IValue.from((long) rows), IValue.from((long) columns));
    }

    /** Uninitialised memory fp64 [n, n], in which a Gram matrix is first summed and then solved. */
    Tensor system(int n) {
        return tensor("system", IValue.from((long) n));
    }

    /** Zeros fp32 [n, n] in the second half of a system's memory. */
    Tensor sumsIn(Tensor system) {
        return tensor("sums_in", of(system));
    }

    /** Converts the fp32 sums in a system's memory to the fp64 system, in place. */
    void widen(Tensor system, Tensor sums) {
        tensor("widen", of(system), of(sums)).close();
    }

    /**
     * The mean of a Gram matrix's diagonal over some features.
     *
     * @param gram [in, in]
     * @param kept the features, int64 [n]
     */
    public double meanDiagonal(Tensor gram, Tensor kept) {
        try (IValue result = call("mean_diagonal", of(gram), of(kept))) {
            return result.toDouble();
        }
    }

    /** A copy of the values. */
    public Tensor copy(Tensor x) {
        return tensor("copy", of(x));
    }

    /** Sets x to zero, in place. */
    public Tensor clear(Tensor x) {
        tensor("clear", of(x)).close();
        return x;
    }

    /** Copies the values of y into x, in place. */
    public void replace(Tensor x, Tensor y) {
        tensor("replace", of(x), of(y)).close();
    }

    /** Adds y, converted to the type of x, to x in place. */
    public void addInPlace(Tensor x, Tensor y) {
        tensor("add_in_place", of(x), of(y)).close();
    }

    /**
     * Adds the weight gradients of a linear layer to sums, in place. {@code g_s = dY_sᵀ X_s} is the contribution of
     * window s to the gradient of the mean loss.
     *
     * @param mean [out, in]; Σ_s g_s is added
     * @param squares [out, in]; samples · Σ_s g_s² is added, so that the total is the mean of (samples·g_s)² over all
     *     windows; empty if the squares are not needed
     * @param upstream dY, the gradient with respect to the output, [b, t, out]
     * @param x X, the input, [b, t, in]
     * @param samples number of windows in the mean loss
     */
    public void accumulateGradients(Tensor mean, Tensor squares, Tensor upstream, Tensor x, int samples) {
        tensor("accumulate_gradients", of(mean), of(squares), of(upstream), of(x), IValue.from((long) samples))
                .close();
    }

    /** A copy of the values with respect to which gradients can be computed, in a {@link Recording}. */
    public Tensor variable(Tensor x) {
        return tensor("variable", of(x));
    }

    /**
     * The same values, without a copy, with respect to which gradients can be computed. x must have been made in a
     * {@link Recording}.
     */
    public Tensor leaf(Tensor x) {
        return tensor("leaf", of(x));
    }

    /** The same memory and the same recorded history, as a tensor of this scope. */
    public Tensor alias(Tensor x) {
        return tensor("alias", of(x));
    }

    /** The same memory without the recorded history. */
    public Tensor detached(Tensor x) {
        return tensor("detached", of(x));
    }

    /**
     * Backpropagates: the gradients of Σ output·upstream with respect to the inputs. It must be called in the
     * {@link Recording} in which the output was made, and it frees the recorded history.
     *
     * @param upstream gradient with respect to the output, of the output's shape
     * @return one gradient per input, of the input's shape; empty for an input that the output does not depend on
     */
    public List<Tensor> gradients(Tensor output, Tensor upstream, List<Tensor> inputs) {
        return tensors("gradients", of(output), of(upstream), listOf(inputs));
    }

    /**
     * The gradient dX = dY W of a linear layer y = x Wᵀ with respect to its input, in the type of the weight.
     *
     * @param upstream dY, [.., out]
     * @param weight W, [out, in]
     * @return dX, [.., in]
     */
    public Tensor linearGradient(Tensor upstream, Tensor weight) {
        return tensor("linear_gradient", of(upstream), of(weight));
    }

    /** Whether no value is NaN or infinite. */
    public boolean allFinite(Tensor x) {
        try (IValue result = call("all_finite", of(x))) {
            return result.toBoolean();
        }
    }

    /** Uninitialised memory, [elements]. */
    public Tensor reserve(long elements, ComputeType type) {
        String kernel =
                switch (type) {
                    case FP32 -> "reserve";
                    case BF16 -> "reserve_bfloat16";
                    case FP16 -> "reserve_half";
                };
        return tensor(kernel, IValue.from(elements));
    }

    /**
     * The memory of the elements [start, start + length) of x [n], to read stored elements into without a copy. It is valid
     * while x and the scope are open.
     *
     * @param x contiguous, of {@code type}
     */
    ByteBuffer memory(Tensor x, ComputeType type, long start, long length) {
        Tensor part = slice(x, start, length);
        return (type == ComputeType.BF16 ? tensor("bfloat16_bits", of(part)) : part)
                .array()
                .toByteBuffer(true);
    }

    /**
     * The elements in a direct buffer as a tensor [elements] of their storage type, without a copy. The buffer must not
     * be written while the tensor is used.
     */
    Tensor view(ByteBuffer stored, DType type) {
        long elements = stored.remaining() / type.bytes();
        return typed(scope.view(stored, viewType(type), elements), type);
    }

    private Tensor typed(PtNDArray view, DType type) {
        return type == DType.BF16 ? tensor("as_bfloat16", IValue.from(view)) : new Tensor(view);
    }

    /** A view of the elements [start, start + length) of x [n]. */
    public Tensor slice(Tensor x, long start, long length) {
        return tensor("slice", of(x), IValue.from(start), IValue.from(length));
    }

    /** The same values in another shape, without a copy if x is contiguous. */
    public Tensor reshape(Tensor x, long... shape) {
        return tensor("reshape", of(x), IValue.listFrom(shape));
    }

    /** Converts the stored elements in a direct buffer and writes them to target [n] from element {@code start} on. */
    void fill(Tensor target, long start, ByteBuffer stored, DType type) {
        long elements = stored.remaining() / type.bytes();
        String kernel = type == DType.BF16 ? "fill_bfloat16" : "fill";
        var view = scope.view(stored, viewType(type), elements);
        tensor(kernel, of(target), IValue.from(start), IValue.from(view)).close();
        view.close();
    }

    /** See {@link Tensor#stored}. */
    ByteBuffer stored(Tensor x, DType type) {
        Tensor converted =
                switch (type) {
                    case F32 -> x;
                    case F64 -> tensor("float_to_double", of(x));
                    case F16 -> tensor("float_to_half", of(x));
                    case BF16 -> tensor("float_to_bfloat16", of(x));
                    default -> throw new IllegalArgumentException("weights are never stored as " + type);
                };
        // A direct buffer, because a file channel would copy a heap buffer once more.
        return converted.array().toByteBuffer(true).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static DataType viewType(DType type) {
        return switch (type) {
            case F64 -> DataType.FLOAT64;
            case F32 -> DataType.FLOAT32;
            case F16, BF16 -> DataType.FLOAT16;
            default -> throw new IllegalArgumentException("weights are never stored as " + type);
        };
    }
}
