package io.espalier.model.transformer;

import io.espalier.base.EspalierException;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Parallel;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * The bytes of native memory of which the passes over a model are made up: layers, the hidden states of n windows of t
 * tokens, the activations of the chunks of windows that are inside a layer together. Each pass adds up, in its own
 * {@code bytes}, what it holds at once at most. The engine's own memory, some tens of MB for any model, is not counted.
 *
 * @param computation its type is that of statistics and zeroth-order losses; all other passes compute in fp32 within its
 *     budget
 */
public record Footprint(ModelLayout layout, Computation computation) {
    /**
     * Refuses a pass that the budget does not hold.
     *
     * @param what needs the bytes, for the message
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the memory budget and the bytes
     */
    public void check(String what, long bytes) {
        computation.budget().require(what, bytes);
    }

    /**
     * The windows' hidden states between two layers: fp32 [n, t, d]. In the middle of a layer with halves side by side there
     * are as many again, those that entered it.
     */
    public long hidden(int windows, int length) {
        int states = layout.layers().stream().anyMatch(LayerLayout::parallel) ? 2 : 1;
        return (long) states * windows * length * layout.hiddenSize() * Float.BYTES;
    }

    /** The largest layer in the type of the computation, and the next one where two leave half of the budget free. */
    public long streamed() {
        return streamed(computation);
    }

    /** The same in fp32. */
    public long streamedExact() {
        return streamed(Computation.exact(computation.budget()));
    }

    private long streamed(Computation read) {
        long layer = largest(one -> one.bytes(read.type()));
        return WeightStream.fitTwice(layout.layers(), read) ? 2 * layer : layer;
    }

    /** The largest layer in fp32. */
    public long layer() {
        return largest(Footprint::layer);
    }

    /** One layer in fp32. */
    public static long layer(LayerLayout layer) {
        return layer.bytes(ComputeType.FP32);
    }

    /** The largest weight of a linear layer in fp32. */
    public long largestLinear() {
        return largest(layer -> most(layer.linears(), linear -> Float.BYTES * linear.weights()));
    }

    /** The activations of the chunks of windows that are inside a layer together, each with a block of attention scores. */
    public long activations(int windows, int length) {
        return activations(windows, length, rows());
    }

    /** The same where a pass adds each chunk to sums as large as weights, so that chunks are larger. */
    public long activationsToSum(int windows, int length) {
        return activations(windows, length, LayerStream.rowsToSum(layout, computation.budget()));
    }

    private long activations(int windows, int length, int rows) {
        int ways = ways(windows, length, rows);
        return together(windows, length, rows, ways) * largestActivations()
                + ways * largest(layer -> layer.scoreBytes(length));
    }

    /** What is recorded of one chunk inside half a layer to lead a gradient back, with the gradients on the way. */
    public long recorded(int windows, int length) {
        int rows = rows();
        int windowsOfChunk = Math.min(windows, LayerStream.perChunk(rows, length));
        return 3 * together(windows, length, rows, 1) * largestActivations()
                + windowsOfChunk * largest(layer -> layer.recordedScoreBytes(length));
    }

    /** The same for chunks that a pass adds to sums as large as weights, inside both halves of a layer together. */
    public long recordedToSum(int windows, int length) {
        int rows = LayerStream.rowsToSum(layout, computation.budget());
        int windowsOfChunk = Math.min(windows, LayerStream.perChunk(rows, length));
        return 6 * together(windows, length, rows, 1) * largestActivations()
                + windowsOfChunk * largest(layer -> layer.recordedScoreBytes(length));
    }

    /**
     * A block of the output embedding's rows and, up to three times, its logits for the chunks that pass together, with the
     * tensors before it.
     */
    public long head(int windows, int length) {
        int rows = rows();
        long block = Math.min(LanguageHead.VOCABULARY_BLOCK, layout.vocabulary());
        Output output = layout.output();
        long projection = output.projection() == null ? 0 : output.projection().elements();
        return Float.BYTES
                * (projection
                        + block * (output.width() + 3 * together(windows, length, rows, ways(windows, length, rows))));
    }

    /** A Gram matrix in fp32: [features, features]. */
    public static long gram(long features) {
        return Float.BYTES * features * features;
    }

    /**
     * The most bytes that one layer takes in a pass that frees its attention half before it works on the feed-forward half.
     *
     * @param bytes that the work on one linear layer takes beside the layer's weights
     */
    public static long mostOfHalves(LayerLayout layer, ToLongFunction<Linear> bytes) {
        return Math.max(
                layer(layer) + most(layer.linears(LayerHalf.ATTENTION), bytes),
                layer.bytes(LayerHalf.FEED_FORWARD, ComputeType.FP32)
                        + most(layer.linears(LayerHalf.FEED_FORWARD), bytes));
    }

    /** The bytes of the layer that takes most. */
    public long largest(ToLongFunction<LayerLayout> bytes) {
        return most(layout.layers(), bytes);
    }

    public static <T> long most(List<T> parts, ToLongFunction<T> bytes) {
        return parts.stream().mapToLong(bytes).max().orElseThrow();
    }

    public static <T> long sum(List<T> parts, ToLongFunction<T> bytes) {
        return parts.stream().mapToLong(bytes).sum();
    }

    private long largestActivations() {
        return largest(layer -> layer.activationBytes(layout.hiddenSize()));
    }

    private int rows() {
        return LayerStream.rows(layout, computation.budget());
    }

    /** Tokens of the windows in so many chunks. */
    private static long together(int windows, int length, int rows, int chunks) {
        return (long) length * Math.min(windows, chunks * LayerStream.perChunk(rows, length));
    }

    /** Chunks that pass a layer side by side. */
    private static int ways(int windows, int length, int rows) {
        int perChunk = Math.min(windows, LayerStream.perChunk(rows, length));
        return LayerStream.sideBySide(length, perChunk) && perChunk < windows ? Parallel.WAYS : 1;
    }
}
