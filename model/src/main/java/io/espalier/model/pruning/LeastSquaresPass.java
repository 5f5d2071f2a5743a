package io.espalier.model.pruning;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Linears;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Least-squares compensation. The input of each layer is measured behind the layers already pruned and repaired, so
 * each repair also makes up for the errors that earlier ones left.
 *
 * @param own hidden states of the calibration windows behind the pruned layers
 * @param dense hidden states of the same windows in the dense model; null unless the target is blended
 */
public record LeastSquaresPass(LayerStream own, @Nullable LayerStream dense) implements CalibrationPass {
    /**
     * The attention or the feed-forward half of a decoder layer.
     *
     * @param outputProjection the linear layer at its end, whose input columns belong to the half's units
     * @param cutProjections removes units from all other linear layers of the half
     * @param peek shows what enters each linear layer of the half, and leaves the windows where they are
     * @param through takes the windows through the half
     */
    private record Half(
            Function<PrunedLayer, Linear> outputProjection,
            Consumer<PrunedLayer> cutProjections,
            Peek peek,
            BiConsumer<LayerStream, DecoderLayer> through) {}

    @FunctionalInterface
    private interface Peek {
        void at(LayerStream stream, DecoderLayer layer, Linears.InputObserver observer, @Nullable LayerStream above);
    }

    private static final Half ATTENTION = new Half(
            PrunedLayer::outputProjection,
            PrunedLayer::cutAttentionProjections,
            LayerStream::peekAttention,
            LayerStream::throughAttention);

    private static final Half FEED_FORWARD = new Half(
            PrunedLayer::downProjection,
            PrunedLayer::cutFeedForwardProjections,
            LayerStream::peekFeedForward,
            LayerStream::throughFeedForward);

    static LeastSquaresPass own(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
        return new LeastSquaresPass(LayerStream.embedToSum(checkpoint, layout, windows, budget), null);
    }

    static LeastSquaresPass blend(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
        return new LeastSquaresPass(
                LayerStream.embedToSum(checkpoint, layout, windows, budget),
                LayerStream.embedToSum(checkpoint, layout, windows, budget));
    }

    /**
     * Bytes held at most over {@code windows} windows of {@code length} tokens: beside the layer the sums over the columns a
     * linear layer keeps, and the system while it is solved.
     *
     * @param streams of the windows: the pruned model's and, for a blended target, the dense one's
     * @param left shape of each layer afterwards; one that keeps its own is not repaired
     */
    public static long bytes(Footprint footprint, int windows, int length, int streams, List<LayerShape> left) {
        long activations = footprint.activationsToSum(windows, length);
        long halves = footprint.largest(layer -> Footprint.mostOfHalves(
                layer,
                linear -> repairBytes(
                        linear,
                        linear.weight().columns().length(left.get(layer.index())),
                        (streams + 1) * activations)));
        return streams * footprint.hidden(windows, length) + Math.max(footprint.layer() + activations, halves);
    }

    /**
     * The most that one repair takes, of three moments: while it sums over kept and lost columns, the fp32 sums and the
     * weight; while it solves, the system in fp64 and its right side; afterwards the right side twice.
     */
    private static long repairBytes(Linear linear, long kept, long activations) {
        if (kept == linear.inputs()) {
            return 0;
        }
        long measuring = Footprint.gram(kept) + Float.BYTES * linear.weights() + activations;
        long solved = (long) Float.BYTES * linear.outputs() * kept;
        return Math.max(measuring, solved + Math.max(2 * Footprint.gram(kept), solved));
    }

    @Override
    public LayerRepair through(PrunedLayer layer, PrunedLayer.Destination destination) {
        LinearRepair attention = through(layer, ATTENTION);
        // The down projection's Gram matrix is the largest; the attention weights are freed before it is summed.
        layer.finish(LayerHalf.ATTENTION, destination);
        return new LayerRepair(layer.index(), attention, through(layer, FEED_FORWARD));
    }

    private LinearRepair through(PrunedLayer layer, Half half) {
        Linear outputProjection = half.outputProjection.apply(layer);
        LinearRepair repair = LinearRepair.UNTOUCHED;
        try (Scope scope = Scope.open()) {
            @Nullable LeastSquares regression = layer.loses(outputProjection) ? measured(layer, half, scope) : null;
            if (dense != null) {
                half.through.accept(dense, layer.whole());
            }
            if (regression != null) {
                // Solving needs the most memory, and nothing reads the uncut weights any more.
                half.cutProjections.accept(layer);
                LeastSquares.Solution solution = regression.solve();
                layer.replace(outputProjection.weight(), solution.weight());
                repair = solution.repair();
            }
        }
        half.through.accept(own, layer.cut());
        return repair;
    }

    private LeastSquares measured(PrunedLayer layer, Half half, Scope scope) {
        Linear outputProjection = half.outputProjection.apply(layer);
        LeastSquares regression = new LeastSquares(layer.lostColumns(outputProjection, scope), dense != null, scope);
        half.peek.at(
                own,
                layer.whole(),
                (linear, x) -> {
                    if (linear.equals(outputProjection)) {
                        regression.add(x);
                    }
                },
                dense);
        return regression;
    }

    @Override
    public long tokens() {
        return own.tokens();
    }

    @Override
    public void close() {
        own.close();
        if (dense != null) {
            dense.close();
        }
    }
}
