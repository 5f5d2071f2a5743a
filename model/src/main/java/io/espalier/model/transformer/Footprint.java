package io.espalier.model.transformer;

import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Parallel;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * What each kind of pass over a model holds in native memory at once, at most, in bytes: a layer, the hidden states of its
 * windows – n windows of t tokens –, the activations of a chunk of them, and what stands at its method. What the engine keeps
 * for itself, some tens of MB whatever the model, is not counted.
 *
 * @param computation its type is that of statistics and zeroth-order losses; all other passes are exact, within its budget
 */
public record Footprint(ModelLayout layout, Computation computation) {
    /** Of a matrix that is rebuilt from draws, those that are summed in fp64 together; a multiple of 64. */
    public static final int ROWS_REBUILT = 512;

    /** Share of the FFN channels that are removed together from a weight and an inverse in fp64. */
    private static final double CHANNELS_REMOVED = 0.04;

    /** Of so many channels, how many go at once: at least one. */
    public static int channelsRemoved(int channels) {
        return (int) Math.max(1, Math.round(CHANNELS_REMOVED * channels));
    }

    /** What a weight takes that is changed in fp64: that, and whether it is kept. */
    private static final int CHANGED = Double.BYTES + 1;

    /** Of the windows' hidden states between two layers: [n, t, d]. */
    public long hidden(int windows, int length) {
        return (long) windows * length * layout.hiddenSize() * Float.BYTES;
    }

    /**
     * That the budget holds a pass.
     *
     * @param what needs the bytes, for the message
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the memory budget and the bytes
     */
    public void check(String what, long bytes) {
        computation.budget().require(what, bytes);
    }

    /** Of statistics of what enters the linear layers. */
    public long statistics(int windows, int length) {
        return streamed(computation) + hidden(windows, length) + activations(windows, length, rows());
    }

    /**
     * Of the losses of one zeroth-order draw: beside the dense model's stream its two sides, at the end normalised once
     * more.
     *
     * @param moved weights of which it needs a moved copy at a time
     */
    public long zerothOrder(int windows, int length, long moved) {
        long hidden = hidden(windows, length);
        int rows = rows();
        long inLayers = streamed(computation) + activations(windows, length, rows);
        return moved * computation.type().bytes()
                + 3 * hidden
                + Math.max(inLayers, 2 * hidden + head(windows, length, rows));
    }

    /** Of scoring a layer by gradients that are rebuilt from draws, matrix by matrix. */
    public long estimate() {
        return layer(ComputeType.FP32) + rebuilt();
    }

    /** Of choosing single weights of a layer and of writing its matrices anew, one by one. */
    public long rewriting() {
        return layer(ComputeType.FP32) + Float.BYTES * largestLinear();
    }

    /**
     * Of backpropagation, whichever takes most: the pass forward, the loss, or leading it back through half a layer with
     * its weights, their gradients and everything that was computed on the way.
     *
     * @param squares whether squared gradients are summed up too, sample by sample
     * @param estimates whether a layer's gradients are compared with what is rebuilt from draws
     */
    public long backprop(int windows, int length, boolean squares, boolean estimates) {
        long hidden = hidden(windows, length);
        int rows = rows();
        long activations = activations(windows, length, rows);
        long forward = streamed(exact()) + hidden + activations;
        long loss = 4 * hidden + head(windows, length, rows);
        long half = Float.BYTES * largest(LayerLayout::weightsOfHalf);
        long recorded =
                3 * together(windows, length, rows, 1) * largestActivations() + recordedScores(windows, length, rows);
        long compared = estimates ? rebuilt() : 0;
        long backward = (squares ? 3 : 2) * half + 2 * hidden + Math.max(recorded, compared);
        return Math.max(forward, Math.max(loss, backward));
    }

    /**
     * Of scoring by Hessians: those of attention output and down projection, of which one after the other is then inverted
     * in its place, with its weights in fp64 beside it.
     *
     * @param cut whether the layer is cut by its scores, so that all of it is still there when it is scored
     */
    public long hessians(int windows, int length, boolean cut) {
        long activations = activations(windows, length, rowsToSum());
        return streamed(exact())
                + hidden(windows, length)
                + largest(layer -> sum(layer.outputProjections(), linear -> gram(linear.inputs()))
                        + Math.max(
                                activations,
                                most(layer.outputProjections(), linear -> removal(layer, linear))
                                        - (cut ? 0 : silent(layer))));
    }

    /** Of a layer's parameters but for the two matrices through which its units speak. */
    private static long silent(LayerLayout layer) {
        return layer.bytes(ComputeType.FP32) - sum(layer.outputProjections(), linear -> Float.BYTES * linear.weights());
    }

    /** Of a selection that cuts or masks each layer before the next is measured, by anything but Hessians. */
    public long sequential(int windows, int length) {
        long activations = activations(windows, length, rowsToSum());
        return streamed(exact()) + hidden(windows, length) + Math.max(activations, Float.BYTES * largestLinear());
    }

    /** Of pruning with bias compensation: beside the layer the columns that go. */
    public long bias(int windows, int length) {
        long activations = activations(windows, length, rowsToSum());
        return layer(ComputeType.FP32)
                + hidden(windows, length)
                + largest(layer -> sum(layer.outputProjections(), linear -> Float.BYTES * linear.weights()))
                + Math.max(2 * activations, Float.BYTES * largestLinear());
    }

    /**
     * Of pruning with a repair by least squares: beside the layer the sums over the columns a linear layer keeps, and the
     * system while it is solved.
     *
     * @param streams of the windows: the pruned model's and, for a blended target, the dense one's
     * @param left shape of each layer afterwards; one that keeps its own is not repaired
     */
    public long leastSquares(int windows, int length, int streams, List<LayerShape> left) {
        long sets = (streams + 1) * activations(windows, length, rowsToSum());
        long halves = largest(layer -> mostOfHalves(
                layer, linear -> repair(linear, linear.weight().columns().length(left.get(layer.index())), sets)));
        return streams * hidden(windows, length)
                + Math.max(layer(ComputeType.FP32) + activations(windows, length, rowsToSum()), halves);
    }

    /**
     * Of SparseGPT: beside the layer, or its half with the down projection, the Hessian of one input, then in its place the
     * factor in fp64, at last with a changing matrix.
     */
    public long sparseGpt(int windows, int length) {
        long activations = activations(windows, length, rowsToSum());
        return hidden(windows, length)
                + largest(layer -> mostOfHalves(
                        layer,
                        linear -> Math.max(
                                gram(linear.inputs()) + activations,
                                2 * gram(linear.inputs()) + CHANGED * linear.weights())));
    }

    /** With the whole layer while its first half is worked on, and the second alone after that. */
    private static long mostOfHalves(LayerLayout layer, ToLongFunction<Linear> bytes) {
        return Math.max(
                layer.bytes(ComputeType.FP32) + most(layer.linears(LayerHalf.ATTENTION), bytes),
                layer.bytes(LayerHalf.FEED_FORWARD, ComputeType.FP32)
                        + most(layer.linears(LayerHalf.FEED_FORWARD), bytes));
    }

    /**
     * Of perplexity, of the model as it is or with units masked.
     *
     * @param windows that pass together
     */
    public long evaluation(int windows, int length) {
        int rows = rows();
        long hidden = hidden(windows, length);
        long inLayers = streamed(exact()) + Math.max(activations(windows, length, rows), Float.BYTES * largestLinear());
        return hidden + Math.max(inLayers, hidden + head(windows, length, rows));
    }

    /** Layers that come one after the other, of which the next is read where two leave half of the budget. */
    private long streamed(Computation read) {
        long layer = layer(read.type());
        return WeightStream.fitTwice(layout.layers(), read) ? 2 * layer : layer;
    }

    private long layer(ComputeType type) {
        return largest(layer -> layer.bytes(type));
    }

    /** Of a matrix that is rebuilt, with its rows in fp64. */
    private long rebuilt() {
        return largest(layer -> most(
                layer.linears(),
                linear -> Float.BYTES * linear.weights()
                        + (long) Double.BYTES * Math.min(ROWS_REBUILT, linear.outputs()) * linear.inputs()));
    }

    private long largestLinear() {
        return largest(layer -> most(layer.linears(), Linear::weights));
    }

    private int rows() {
        return LayerStream.rows(layout, computation.budget());
    }

    private int rowsToSum() {
        return LayerStream.rowsToSum(layout, computation.budget());
    }

    private Computation exact() {
        return Computation.exact(computation.budget());
    }

    /** Of the chunks of windows that are inside a layer together, each with a block of scores. */
    private long activations(int windows, int length, int rows) {
        int ways = ways(windows, length, rows);
        return together(windows, length, rows, ways) * largestActivations()
                + ways * largest(layer -> layer.scoreBytes(length));
    }

    private long largestActivations() {
        return largest(layer -> layer.activationBytes(layout.hiddenSize()));
    }

    /** Of the scores of a chunk of windows that are kept for the way back. */
    private long recordedScores(int windows, int length, int rows) {
        int together = Math.min(windows, LayerStream.perChunk(rows, length));
        return together * largest(layer -> layer.recordedScoreBytes(length));
    }

    /** Tokens of so many such chunks. */
    private static long together(int windows, int length, int rows, int ways) {
        return (long) length * Math.min(windows, ways * LayerStream.perChunk(rows, length));
    }

    /** Such chunks. */
    private static int ways(int windows, int length, int rows) {
        int perChunk = Math.min(windows, LayerStream.perChunk(rows, length));
        return LayerStream.sideBySide(length, perChunk) && perChunk < windows ? Parallel.WAYS : 1;
    }

    /** Of a block of the output projection and such chunks' logits, of which there are three at a time. */
    private long head(int windows, int length, int rows) {
        long block = Math.min(LanguageHead.VOCABULARY_BLOCK, layout.vocabulary());
        return Float.BYTES
                * block
                * (layout.hiddenSize() + 3 * together(windows, length, rows, ways(windows, length, rows)));
    }

    /** Of an fp32 [n, n]. */
    private static long gram(long features) {
        return Float.BYTES * features * features;
    }

    /** Beside a Hessian, whose inverse takes as much again in its place: the weights, and twice the rows that go together. */
    private static long removal(LayerLayout layer, Linear linear) {
        LayerShape shape = layer.shape();
        long rows = Math.max(shape.headsPerUnit() * shape.headDim(), channelsRemoved(shape.ffnChannels()));
        return gram(linear.inputs()) + Double.BYTES * (linear.weights() + 2 * rows * linear.inputs());
    }

    /** Sums over what is kept and what is lost of a weight; then the system and what it is solved for, then that twice. */
    private static long repair(Linear linear, long kept, long activations) {
        if (kept == linear.inputs()) {
            return 0;
        }
        long measuring = gram(kept) + Float.BYTES * linear.weights() + activations;
        long solved = Float.BYTES * linear.outputs() * kept;
        return Math.max(measuring, solved + Math.max(2 * gram(kept), solved));
    }

    private long largest(ToLongFunction<LayerLayout> bytes) {
        return most(layout.layers(), bytes);
    }

    private static <T> long most(List<T> parts, ToLongFunction<T> bytes) {
        return parts.stream().mapToLong(bytes).max().orElseThrow();
    }

    private static <T> long sum(List<T> parts, ToLongFunction<T> bytes) {
        return parts.stream().mapToLong(bytes).sum();
    }
}
