package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How the products of queries and keys become attention scores, before the softmax.
 *
 * @param scale factor of each product
 * @param softCap scores are capped to (−cap, cap) by tanh; 0 means no cap
 * @param window number of positions that a query attends to, its own included; 0 means all
 * @param slopes ALiBi's slopes, one per query head: the score falls by this much per position of distance; empty without
 *     ALiBi
 */
public record AttentionScores(double scale, double softCap, int window, List<Double> slopes) {
    /**
     * The number of scores that a kernel without fusion computes at the same time. It computes at least those of one
     * head.
     */
    private static final int SCORES_PER_BLOCK = 4 << 20;

    public AttentionScores {
        slopes = List.copyOf(slopes);
    }

    /** Scores with the scale {@code 1/√D}, without cap, window and ALiBi. */
    static AttentionScores plain(int headDim) {
        return new AttentionScores(1 / Math.sqrt(headDim), 0, 0, List.of());
    }

    AttentionScores withScaleAndCap(double scale, double softCap) {
        return new AttentionScores(scale, softCap, window, slopes);
    }

    AttentionScores withWindow(int window) {
        return new AttentionScores(scale, softCap, window, slopes);
    }

    AttentionScores withSlopes(List<Double> slopes) {
        return new AttentionScores(scale, softCap, window, slopes);
    }

    /** The scores of a layer of which only the given heads are left. Each of them keeps its slope. */
    AttentionScores keepingHeads(int[] heads) {
        return slopes.isEmpty()
                ? this
                : withSlopes(Arrays.stream(heads).mapToObj(slopes::get).toList());
    }

    /**
     * Computes attention.
     *
     * @param q queries of the last t of s positions [b, h, t, D]
     * @param k [b, k, s, D]
     * @param v [b, k, s, D]
     * @return the concatenated outputs of the heads, [b, t, h·D]
     */
    Tensor headOutputs(Tensor q, Tensor k, Tensor v, Scope scope) {
        Kernels kernels = new Kernels(scope);
        int positions = k.dim(2);
        int sliding = windowCovers(positions) ? 0 : window;
        if (softCap == 0 && sliding == 0 && slopes.isEmpty()) {
            return kernels.causalAttention(q, k, v, scale);
        }
        int heads = headsPerBlock(q.dim(1), (long) q.dim(2) * positions);
        return softCap == 0
                ? kernels.biasedAttention(q, k, v, scale, sliding, slopes(scope), heads)
                : kernels.cappedAttention(q, k, v, scale, softCap, sliding, heads);
    }

    /**
     * The bytes that the attention scores of one chunk need, for windows of t tokens. They hold the mask and, with a
     * cap or ALiBi, three tensors with the scores of a block of heads. The fused kernel needs no memory worth counting.
     */
    long blockBytes(int heads, int t) {
        long head = (long) t * t;
        if (windowCovers(t) && softCap == 0 && slopes.isEmpty()) {
            return 0;
        }
        long mask = (Long.BYTES + 3 * Float.BYTES) * head;
        return mask + (storesScoresPerHead() ? 3 * Float.BYTES * head * headsPerBlock(heads, head) : 0);
    }

    /** The number of heads that are computed at the same time: all of them if they share one mask. */
    private int headsPerBlock(int heads, long scoresPerHead) {
        return storesScoresPerHead() ? (int) Math.min(heads, SCORES_PER_BLOCK / scoresPerHead + 1) : heads;
    }

    private boolean storesScoresPerHead() {
        return softCap != 0 || !slopes.isEmpty();
    }

    /**
     * The bytes of one window's attention scores that are kept for backpropagation: with a cap the capped scores, their
     * softmax and its gradient; else the mask or bias.
     */
    long recordedBytes(int heads, int t) {
        long head = (long) Float.BYTES * t * t;
        if (softCap != 0) {
            return 3 * head * heads;
        }
        return windowCovers(t) && slopes.isEmpty() ? 0 : head * Math.max(1, slopes.size());
    }

    private boolean windowCovers(int positions) {
        return window == 0 || window >= positions;
    }

    private Tensor slopes(Scope scope) {
        float[] perHead = new float[slopes.size()];
        IntStream.range(0, perHead.length)
                .forEach(head -> perHead[head] = slopes.get(head).floatValue());
        return scope.floats(perHead, perHead.length);
    }

    /**
     * ALiBi's slopes (Press et al., section 3 and released code). For n heads, where n is a power of two, they are the
     * geometric sequence {@code 2^(−8i/n)}, i = 1..n. For other head counts they are the sequence of the next lower power
     * of two, followed by every second slope of the next higher one.
     */
    public static List<Double> alibi(int heads) {
        int power = Integer.highestOneBit(heads);
        return List.copyOf(IntStream.range(0, heads)
                .mapToObj(head -> head < power ? slope(head + 1, power) : slope(2 * (head - power) + 1, 2 * power))
                .toList());
    }

    private static double slope(int index, int heads) {
        return Math.pow(2, -8.0 * index / heads);
    }
}
