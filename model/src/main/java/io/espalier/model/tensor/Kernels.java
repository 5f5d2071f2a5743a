package io.espalier.model.tensor;

import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.MappedBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** The kernels of {@code kernels.py}, with results that belong to one scope. Shapes and formulas stand there. */
public final class Kernels extends KernelCalls {
    public Kernels(Scope scope) {
        super(scope);
    }

    /** @param bias absent where the layer has none */
    public Tensor linear(Tensor x, Tensor weight) {
        return tensor("linear", of(x), of(weight));
    }

    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return tensor("linear_bias", of(x), of(weight), of(bias));
    }

    /** @param offset added to the stored weight */
    public Tensor rmsNorm(Tensor x, Tensor weight, double epsilon, double offset) {
        return tensor("rms_norm", of(x), of(weight), IValue.from(epsilon), IValue.from(offset));
    }

    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon) {
        return tensor("layer_norm", of(x), of(weight), of(bias), IValue.from(epsilon));
    }

    /** [b, t, heads·D] → [b, heads, t, D] */
    public Tensor splitHeads(Tensor x, int headDim) {
        return tensor("split_heads", of(x), IValue.from((long) headDim));
    }

    /** Rotary positions of x [b, heads, t, D]; cosines and sines [t, D/2]. */
    public Tensor rotate(Tensor x, Tensor cosines, Tensor sines) {
        return tensor("rotate", of(x), of(cosines), of(sines));
    }

    /** q [b, h, t, D], k and v [b, k, s, D] → [b, t, h·D]; t = s or t = 1. */
    public Tensor causalAttention(Tensor q, Tensor k, Tensor v, double scale) {
        return tensor("causal_attention", of(q), of(k), of(v), IValue.from(scale));
    }

    /** [b, t, 3·h·D], q, k and v of a head side by side, → three of [b, h, t, D] */
    public List<Tensor> splitInterleaved(Tensor x, int headDim) {
        return tensors("split_interleaved", of(x), IValue.from((long) headDim));
    }

    /** Parts along the last axis whose lengths are to each other as the shares. */
    public List<Tensor> splitShares(Tensor x, long... shares) {
        return tensors("split_shares", of(x), IValue.listFrom(shares));
    }

    /**
     * {@link #causalAttention} that sees only so far, or whose scores fall with the distance.
     *
     * @param window how far a position sees, itself included; 0: all the way
     * @param slopes [h] of ALiBi; empty without
     * @param heads that are computed at once
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
     * {@link #causalAttention} that sees only so far, with scores softly capped.
     *
     * @param heads of one window that are computed at once
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

    /** @param name {@code silu}, {@code relu}, {@code gelu} or {@code gelu_tanh} */
    public Tensor activation(Tensor x, String name) {
        return tensor("activation", of(x), IValue.from(name));
    }

    /** activation(gate) · up, of a gate that is not needed any more; names as in {@link #activation}. */
    public Tensor gated(Tensor gate, Tensor up, String name) {
        return tensor("gated", of(gate), of(up), IValue.from(name));
    }

    public Tensor scaled(Tensor x, double factor) {
        return tensor("scaled", of(x), IValue.from(factor));
    }

    public Tensor add(Tensor x, Tensor y) {
        return tensor("add", of(x), of(y));
    }

    public Tensor concatenate(List<Tensor> parts, int dim) {
        return tensor("concatenate", listOf(parts), IValue.from((long) dim));
    }

    public Tensor narrow(Tensor x, int dim, int start, int length) {
        return tensor("narrow", of(x), IValue.from((long) dim), IValue.from((long) start), IValue.from((long) length));
    }

    /** The given positions along an axis, in the given order. */
    public Tensor select(Tensor x, int dim, int[] positions) {
        try (Tensor index = scope.positions(positions)) {
            return select(x, dim, index);
        }
    }

    /** @param positions int64 */
    public Tensor select(Tensor x, int dim, Tensor positions) {
        return tensor("select", of(x), IValue.from((long) dim), of(positions));
    }

    /** State of an online log-sum-exp over n predictions into which nothing was folded yet. */
    public Tensor emptyFold(int n) {
        return tensor("empty_fold", IValue.from((long) n));
    }

    /**
     * Logits of hidden [.., d] for the vocabulary rows weight [block, d].
     *
     * @param cap they are softly squeezed into (−cap, cap); 0: not at all
     */
    public Tensor logits(Tensor hidden, Tensor weight, double cap) {
        return tensor("logits", of(hidden), of(weight), IValue.from(cap));
    }

    /** Folds the logits of the vocabulary rows from {@code start} on; hidden [n, d], weight [block, d], targets [n]. */
    public Tensor foldVocabulary(Tensor fold, Tensor hidden, Tensor weight, double cap, Tensor targets, int start) {
        return tensor(
                "fold_vocabulary", of(fold), of(hidden), of(weight), IValue.from(cap), of(targets), IValue.from((long)
                        start));
    }

    /** Token id with the highest logit behind the last position of hidden [1, t, d]; head [vocabulary, d]. */
    public int mostLikely(Tensor hidden, Tensor head) {
        try (IValue result = call("most_likely", of(hidden), of(head))) {
            return Math.toIntExact(result.toLong());
        }
    }

    /** [n] in nats. */
    public double[] negativeLogLikelihood(Tensor fold) {
        return doubles("negative_log_likelihood", of(fold));
    }

    /** Σx, then Σx² per feature of x [.., in]: [2·in]. */
    public double[] moments(Tensor x) {
        return doubles("moments", of(x));
    }

    /** Σ cos(x, y), then Σ cos²(x, y) over the rows of x and y [.., d]: [2]. */
    public double[] cosineMoments(Tensor x, Tensor y) {
        return doubles("cosine_moments", of(x), of(y));
    }

    /** Adds xᵀx of x [.., in] to gram [in, in], in place. */
    public void accumulateGram(Tensor gram, Tensor x) {
        tensor("accumulate_gram", of(gram), of(x)).close();
    }

    /** fp32 [rows, columns]. */
    public Tensor zeros(int rows, int columns) {
        return tensor("zeros", IValue.from((long) rows), IValue.from((long) columns));
    }

    /** fp64 [rows, columns]. */
    public Tensor zeros64(int rows, int columns) {
        return tensor("zeros64", IValue.from((long) rows), IValue.from((long) columns));
    }

    /** Memory for a fp64 [n, n] in which first a Gram matrix is summed up and then solved. */
    Tensor system(int n) {
        return tensor("system", IValue.from((long) n));
    }

    /** fp32 [n, n] of zeros in a system's memory. */
    Tensor sumsIn(Tensor system) {
        return tensor("sums_in", of(system));
    }

    /** Makes the fp32 sums in a system the fp64 matrix that it is. */
    void widen(Tensor system, Tensor sums) {
        tensor("widen", of(system), of(sums)).close();
    }

    /** Mean of the diagonal of gram [in, in] over some features. */
    public double meanDiagonal(Tensor gram, Tensor kept) {
        try (IValue result = call("mean_diagonal", of(gram), of(kept))) {
            return result.toDouble();
        }
    }

    /**
     * Gradient of the mean loss with respect to what became the logits [n, block] of the vocabulary rows from
     * {@code start} on.
     *
     * @param cap into which they were squeezed; 0: none
     * @param fold over the whole vocabulary
     * @param weight of one prediction in the mean
     */
    public Tensor vocabularyGradient(Tensor logits, double cap, Tensor fold, Tensor targets, int start, double weight) {
        return tensor(
                "vocabulary_gradient",
                of(logits),
                IValue.from(cap),
                of(fold),
                of(targets),
                IValue.from((long) start),
                IValue.from(weight));
    }

    public Tensor copy(Tensor x) {
        return tensor("copy", of(x));
    }

    /** Puts zeros in the place of x. */
    public Tensor clear(Tensor x) {
        tensor("clear", of(x)).close();
        return x;
    }

    /** Puts y in the place of x. */
    public void replace(Tensor x, Tensor y) {
        tensor("replace", of(x), of(y)).close();
    }

    /** Adds y to x, in place. */
    public void addInPlace(Tensor x, Tensor y) {
        tensor("add_in_place", of(x), of(y)).close();
    }

    /**
     * Adds the weight gradients of a linear layer, over windows, to a sum of them and, where {@code squares} is not
     * empty, their squares window by window, in place.
     *
     * @param mean [out, in] += Σ_s g_s, {@code g_s = dY_sᵀ X_s}
     * @param squares [out, in] += samples · Σ_s g_s², which is the mean of (samples·g_s)²
     * @param upstream dY [b, t, out]
     * @param x [b, t, in]
     */
    public void accumulateGradients(Tensor mean, Tensor squares, Tensor upstream, Tensor x, int samples) {
        tensor("accumulate_gradients", of(mean), of(squares), of(upstream), of(x), IValue.from((long) samples))
                .close();
    }

    /** The same values as a variable that gradients are wanted of, in a {@link Recording}. */
    public Tensor variable(Tensor x) {
        return tensor("variable", of(x));
    }

    /** The same values as a variable that gradients are wanted of, without a copy; they must have been made in a {@link Recording}. */
    public Tensor leaf(Tensor x) {
        return tensor("leaf", of(x));
    }

    /** The same values, and the same record of them, under another owner. */
    public Tensor alias(Tensor x) {
        return tensor("alias", of(x));
    }

    /** The same values without what was recorded of them. */
    public Tensor detached(Tensor x) {
        return tensor("detached", of(x));
    }

    /**
     * Gradients of Σ output·upstream, in a {@link Recording} that made the output; what was recorded is freed.
     *
     * @param upstream of the output's shape
     * @return each in its input's shape; empty for an input that the output does not depend on
     */
    public List<Tensor> gradients(Tensor output, Tensor upstream, List<Tensor> inputs) {
        return tensors("gradients", of(output), of(upstream), listOf(inputs));
    }

    /** dX = dY W of y = x Wᵀ, in the weight's type; upstream dY [.., out]. */
    public Tensor linearGradient(Tensor upstream, Tensor weight) {
        return tensor("linear_gradient", of(upstream), of(weight));
    }

    public boolean allFinite(Tensor x) {
        try (IValue result = call("all_finite", of(x))) {
            return result.toBoolean();
        }
    }

    /** [elements] to be filled. */
    public Tensor reserve(long elements, ComputeType type) {
        String kernel =
                switch (type) {
                    case FP32 -> "reserve";
                    case BF16 -> "reserve_bfloat16";
                    case FP16 -> "reserve_half";
                };
        return tensor(kernel, IValue.from(elements));
    }

    /** Stored elements in a file as a tensor [elements] of their own type, without a copy. */
    Tensor inPlace(MappedBytes stored, DType type) {
        long elements = stored.bytes().remaining() / type.bytes();
        return typed(scope.view(stored, viewType(type), elements), type);
    }

    /** The same of those in a direct buffer, which must not be used otherwise as long as the tensor is. */
    Tensor view(ByteBuffer stored, DType type) {
        long elements = stored.remaining() / type.bytes();
        return typed(scope.view(stored, viewType(type), elements), type);
    }

    private Tensor typed(PtNDArray view, DType type) {
        return type == DType.BF16 ? tensor("as_bfloat16", IValue.from(view)) : new Tensor(view);
    }

    /** Elements [start, start + length) of x [n], without a copy. */
    public Tensor slice(Tensor x, long start, long length) {
        return tensor("slice", of(x), IValue.from(start), IValue.from(length));
    }

    /** The same values under another shape, without a copy. */
    public Tensor reshape(Tensor x, long... shape) {
        return tensor("reshape", of(x), IValue.listFrom(shape));
    }

    /** Converts the stored elements in a direct buffer into target[start …]. */
    void fill(Tensor target, long start, ByteBuffer stored, DType type) {
        long elements = stored.remaining() / type.bytes();
        String kernel = type == DType.BF16 ? "fill_bfloat16" : "fill";
        var view = scope.view(stored, viewType(type), elements);
        tensor(kernel, of(target), IValue.from(start), IValue.from(view)).close();
        view.close();
    }

    ByteBuffer stored(Tensor x, DType type) {
        Tensor converted =
                switch (type) {
                    case F32 -> x;
                    case F64 -> tensor("float_to_double", of(x));
                    case F16 -> tensor("float_to_half", of(x));
                    case BF16 -> tensor("float_to_bfloat16", of(x));
                    default -> throw new IllegalArgumentException("weights are never stored as " + type);
                };
        // A copy on the heap would be copied once more by the channel that writes it.
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
