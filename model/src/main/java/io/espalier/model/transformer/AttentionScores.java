package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What becomes of the products of queries and keys before the softmax.
 *
 * @param scale each product's factor
 * @param softCap scores are squeezed into (−cap, cap) by tanh; 0: not at all
 * @param window how far a position sees, itself included; 0: all the way back
 * @param slopes ALiBi: per query head, what a key loses for each position of distance; empty without
 */
public record AttentionScores(double scale, double softCap, int window, List<Double> slopes) {
    /** Scores that are made at once where no fused kernel makes them; of one head in any case. */
    private static final int SCORES_TOGETHER = 4 << 20;

    public AttentionScores {
        slopes = List.copyOf(slopes);
    }

    /** {@code 1/√D} and nothing else. */
    static AttentionScores plain(int headDim) {
        return new AttentionScores(1 / Math.sqrt(headDim), 0, 0, List.of());
    }

    AttentionScores scaled(double scale, double softCap) {
        return new AttentionScores(scale, softCap, window, slopes);
    }

    AttentionScores within(int window) {
        return new AttentionScores(scale, softCap, window, slopes);
    }

    AttentionScores biased(List<Double> slopes) {
        return new AttentionScores(scale, softCap, window, slopes);
    }

    /** Of a layer of which only some heads are left: each keeps its slope. */
    AttentionScores keeping(int[] heads) {
        return slopes.isEmpty()
                ? this
                : biased(Arrays.stream(heads).mapToObj(slopes::get).toList());
    }

    /**
     * @param q the last t of s positions [b, h, t, D]
     * @param k [b, k, s, D]
     * @param v [b, k, s, D]
     * @return [b, t, h·D]
     */
    Tensor mix(Tensor q, Tensor k, Tensor v, Scope scope) {
        Kernels kernels = new Kernels(scope);
        int positions = k.dim(2);
        int hiding = cutsNothing(positions) ? 0 : window;
        if (softCap == 0 && hiding == 0 && slopes.isEmpty()) {
            return kernels.causalAttention(q, k, v, scale);
        }
        int together = together(q.dim(1), (long) q.dim(2) * positions);
        return softCap == 0
                ? kernels.biasedAttention(q, k, v, scale, hiding, slopes(scope), together)
                : kernels.cappedAttention(q, k, v, scale, softCap, hiding, together);
    }

    /**
     * Bytes that scores of windows of t tokens take while one chunk passes: the mask, and three times a block of heads where
     * they are capped or biased. The fused kernel makes none that count.
     */
    long blockBytes(int heads, int t) {
        long head = (long) t * t;
        if (cutsNothing(t) && softCap == 0 && slopes.isEmpty()) {
            return 0;
        }
        long mask = (Long.BYTES + 3 * Float.BYTES) * head;
        return mask + (ofEachHead() ? 3 * Float.BYTES * head * together(heads, head) : 0);
    }

    /** Heads of a block; all where one mask is for all. */
    private int together(int heads, long scores) {
        return ofEachHead() ? (int) Math.min(heads, SCORES_TOGETHER / scores + 1) : heads;
    }

    private boolean ofEachHead() {
        return softCap != 0 || !slopes.isEmpty();
    }

    /** Bytes of the scores of one window that are kept for the way back: capped ones, their softmax, and its gradient. */
    long recordedBytes(int heads, int t) {
        long head = (long) Float.BYTES * t * t;
        if (softCap != 0) {
            return 3 * head * heads;
        }
        return cutsNothing(t) && slopes.isEmpty() ? 0 : head * Math.max(1, slopes.size());
    }

    private boolean cutsNothing(int positions) {
        return window == 0 || window >= positions;
    }

    private Tensor slopes(Scope scope) {
        float[] perHead = new float[slopes.size()];
        IntStream.range(0, perHead.length)
                .forEach(head -> perHead[head] = slopes.get(head).floatValue());
        return scope.floats(perHead, perHead.length);
    }

    /**
     * Slopes of ALiBi (Press et al., section 3 and released code): a geometric row for the largest power of two up to
     * {@code heads}, then every second one of the row for twice as many.
     */
    static List<Double> alibi(int heads) {
        int power = Integer.highestOneBit(heads);
        return IntStream.range(0, heads)
                .mapToObj(head -> head < power ? slope(head + 1, power) : slope(2 * (head - power) + 1, 2 * power))
                .toList();
    }

    private static double slope(int index, int heads) {
        return Math.pow(2, -8.0 * index / heads);
    }
}
