package io.espalier.model.importance;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Arena;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Recording;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Exact gradients of the mean loss, layer by layer. A forward pass first writes the input of each half of a layer to
 * disk. The backward pass then goes from the last layer to the first layer of the scope. For each half it reads the
 * weights and the input again, recomputes the half in a {@link Recording} and backpropagates through it. Only one
 * half's weights and gradients are in memory at a time, so the memory does not grow with the number of layers.
 *
 * @param windows [n][t] token ids; each window is a sample
 * @param scope layers whose gradients are computed
 * @param squares whether {@link GradientSource#squaredGradient} and {@link GradientSource#outputNorms} are computed
 *     too; the squared gradients take as much memory again as the gradients
 * @param labels seed of labels that are drawn from the model's own distribution; empty for the next tokens of the text
 */
public record Backprop(
        Checkpoint checkpoint,
        int[][] windows,
        LayerScope scope,
        boolean squares,
        Computation computation,
        OptionalLong labels) {
    /** Gradients of the loss of the text itself. */
    public Backprop(
            Checkpoint checkpoint, int[][] windows, LayerScope scope, boolean squares, Computation computation) {
        this(checkpoint, windows, scope, squares, computation, OptionalLong.empty());
    }

    /** Computes in fp32. */
    public Backprop(Checkpoint checkpoint, int[][] windows, LayerScope scope, boolean squares) {
        this(checkpoint, windows, scope, squares, Computation.EXACT);
    }

    /**
     * Turns the gradients of one half of a layer into a result, such as scores. It is called for the feed-forward half
     * of a layer before the attention half.
     */
    @FunctionalInterface
    public interface Reduction<R> {
        /**
         * @param weights of this half only; they are freed after the call
         * @param gradients of the half's linear layers, see {@link LayerGradients#linears()}; they are freed after the
         *     call
         */
        R of(LayerLayout layer, LayerWeights weights, LayerGradients gradients);
    }

    /** Turns what a sink received of one half of a layer into a result. It is called as a {@link Reduction} is. */
    @FunctionalInterface
    public interface SinkReduction<S extends GradientSink, R> {
        /** @param weights of this half only; they are freed after the call */
        R of(LayerLayout layer, LayerWeights weights, S sink);
    }

    /** Opens a sink for one half of a layer. */
    @FunctionalInterface
    public interface Sinks<S extends GradientSink> {
        /** @param linears linear layers of the half whose gradients are wanted; none for a layer that stays whole */
        S open(LayerLayout layer, LayerHalf half, List<Linear> linears);
    }

    /** Receives the results of a layer's two halves. The last layer of the scope comes first. */
    @FunctionalInterface
    public interface Visitor<R> {
        void visit(LayerLayout layer, R attention, R feedForward);
    }

    /**
     * Runs to the end. It continues where an earlier run with the same settings stopped, as the files in the folder
     * say. A layer is done once the gradient with respect to its input is saved. After a crash the visitor may
     * therefore receive a layer a second time, with the same gradients.
     *
     * @param position folder that only this backpropagation uses
     * @throws io.espalier.base.EspalierException {@code INTERNAL} when a file of the folder is missing or has another
     *     size
     */
    public <R> void run(Path position, Reduction<R> reduction, Visitor<R> visitor, Progress progress) {
        try (Sums sums = Sums.of(ModelLayout.of(checkpoint), squares)) {
            run(
                    position,
                    (layer, half, linears) -> sums.gradients(linears, windows.length),
                    reduction::of,
                    visitor,
                    progress);
        }
    }

    /**
     * The same for a caller that does not want the sums of the gradients.
     *
     * @param sinks receive the gradient of every token
     */
    public <S extends GradientSink, R> void run(
            Path position, Sinks<S> sinks, SinkReduction<S, R> reduction, Visitor<R> visitor, Progress progress) {
        new Pass<>(position, sinks, reduction, visitor).run(progress);
    }

    /**
     * The most bytes that are held at once over {@code windows} windows of {@code length} tokens. This is the largest
     * of three phases: the forward pass, the loss, and the backpropagation through one half of a layer. The last one
     * holds the half's weights and their gradients.
     *
     * @param squares whether squared gradients are summed too
     * @param estimates whether the reduction also rebuilds matrices of a gradient estimate, to compare them
     */
    public static long bytes(Footprint footprint, int windows, int length, boolean squares, boolean estimates) {
        long half = Float.BYTES * footprint.largest(LayerLayout::weightsOfHalf);
        long compared = estimates ? Distribution.sumBytes(footprint) : 0;
        long recorded = footprint.recorded(windows, length);
        return bytesBeside(
                (squares ? 2 : 1) * half + Math.max(recorded, compared) - recorded, footprint, windows, length);
    }

    /**
     * The same for a caller with sinks of its own.
     *
     * @param sunk bytes that the sink of one half of a layer holds
     */
    public static long bytesBeside(long sunk, Footprint footprint, int windows, int length) {
        long hidden = footprint.hidden(windows, length);
        long forward = footprint.streamedExact() + hidden + footprint.activations(windows, length);
        long loss = 4 * hidden + footprint.head(windows, length);
        long half = Float.BYTES * footprint.largest(LayerLayout::weightsOfHalf);
        long backward = half + sunk + 2 * hidden + footprint.recorded(windows, length);
        return Math.max(forward, Math.max(loss, backward));
    }

    /** Memory for the gradients of one half of a layer. All halves use it in turn. */
    private record Sums(Arena means, @Nullable Arena squares) implements AutoCloseable {
        static Sums of(ModelLayout layout, boolean squares) {
            Supplier<Arena> arena = () -> LayerWeights.arenaForHalf(layout.layers());
            return new Sums(arena.get(), squares ? arena.get() : null);
        }

        LayerGradients gradients(List<Linear> linears, int samples) {
            means.clear();
            if (squares != null) {
                squares.clear();
            }
            return new LayerGradients(linears, samples, means, squares);
        }

        @Override
        public void close() {
            means.close();
            if (squares != null) {
                squares.close();
            }
        }
    }

    private final class Pass<S extends GradientSink, R> {
        private final ModelLayout layout = ModelLayout.of(checkpoint);
        private final int last = layout.layers().size();
        private final BoundaryFiles hidden;
        private final BoundaryFiles attended;
        private final BoundaryFiles upstream;
        private final List<int[][]> chunks;
        private final Sinks<S> sinks;
        private final SinkReduction<S, R> reduction;
        private final Visitor<R> visitor;
        private long tokens;

        Pass(Path position, Sinks<S> sinks, SinkReduction<S, R> reduction, Visitor<R> visitor) {
            this.sinks = sinks;
            this.reduction = reduction;
            this.visitor = visitor;
            chunks = LayerStream.chunked(windows, layout, computation.budget());
            hidden = new BoundaryFiles(position, "hidden", chunks.size());
            attended = new BoundaryFiles(position, "attended", chunks.size());
            upstream = new BoundaryFiles(position, "upstream", chunks.size());
        }

        void run(Progress progress) {
            OptionalInt reached = upstream.lowest(scope.first(), last);
            if (reached.isEmpty()) {
                forward(progress);
            }
            try (Scope held = Scope.open();
                    Arena memory = LayerWeights.arenaForHalf(layout.layers())) {
                int from = reached.orElse(last);
                List<Tensor> above = IntStream.range(0, chunks.size())
                        .mapToObj(chunk -> load(upstream, from, chunk, held))
                        .toList();
                for (int index = from - 1; index >= scope.first(); index--) {
                    backward(layout.layers().get(index), above, memory);
                    upstream.save(index, above);
                    report(progress, 2 * last - index);
                }
            }
        }

        private void forward(Progress progress) {
            int first = hidden.highest(scope.first(), last).orElse(0);
            try (LayerStream stream = first == 0
                            ? LayerStream.embed(checkpoint, layout, chunks)
                            : LayerStream.resumed(chunks, (chunk, owner) -> load(hidden, first, chunk, owner));
                    Scope head = Scope.open()) {
                List<LayerLayout> layers = layout.layers().subList(first, last);
                WeightStream.forEach(checkpoint, layers, computation, (layer, weights) -> {
                    DecoderLayer decoder = new DecoderLayer(layer, weights);
                    boolean backwardNeedsIt = layer.index() >= scope.first();
                    if (backwardNeedsIt) {
                        hidden.save(layer.index(), stream.chunks());
                    }
                    stream.throughAttention(decoder);
                    if (backwardNeedsIt && !layer.parallel()) {
                        attended.save(layer.index(), stream.chunks());
                    }
                    stream.throughFeedForward(decoder);
                    report(progress, layer.index() + 1);
                });
                hidden.save(last, stream.chunks());
                LanguageHead loss = new LanguageHead(checkpoint, layout, computation.type());
                upstream.save(
                        last,
                        labels.isPresent()
                                ? loss.sampledLossGradient(stream, labels.getAsLong(), head)
                                : loss.lossGradient(stream, head));
            }
        }

        /**
         * Backpropagates through a layer.
         *
         * @param above per chunk the gradient [b, t, d] with respect to the layer's output; the gradient with respect
         *     to its input replaces it
         */
        private void backward(LayerLayout layer, List<Tensor> above, Arena memory) {
            try (Scope beside = Scope.open()) {
                Kernels kernels = new Kernels(beside);
                // Halves side by side both read the layer's input and both get the whole gradient of its output.
                List<Tensor> below =
                        layer.parallel() ? above.stream().map(kernels::copy).toList() : above;
                @Nullable R feedForward = backward(layer, LayerHalf.FEED_FORWARD, above, below, memory);
                @Nullable R attention = backward(layer, LayerHalf.ATTENTION, above, above, memory);
                if (layer.parallel()) {
                    IntStream.range(0, above.size())
                            .forEach(chunk -> kernels.addInPlace(above.get(chunk), below.get(chunk)));
                }
                if (attention != null && feedForward != null) {
                    visitor.visit(layer, attention, feedForward);
                }
            }
        }

        /** @param below receives the gradient with respect to the half's input, with what bypasses it unless others hold that */
        private @Nullable R backward(
                LayerLayout layer, LayerHalf half, List<Tensor> above, List<Tensor> below, Arena memory) {
            boolean wanted = scope.contains(layer.index());
            try (LayerWeights weights =
                            LayerWeights.readRecordable(checkpoint, layer, half, computation.type(), memory);
                    S gradients = sinks.open(layer, half, wanted ? layer.linears(half) : List.of())) {
                for (int chunk = 0; chunk < chunks.size(); chunk++) {
                    backward(layer, half, weights, chunk, above.get(chunk), below.get(chunk), gradients);
                }
                return wanted ? reduction.of(layer, weights, gradients) : null;
            }
        }

        private void backward(
                LayerLayout layer,
                LayerHalf half,
                LayerWeights weights,
                int chunk,
                Tensor above,
                Tensor below,
                GradientSink gradients) {
            try (Scope scope = Scope.open()) {
                LinearTaps taps = new LinearTaps(weights, scope);
                DecoderLayer tapped = new DecoderLayer(layer, weights, taps);
                BoundaryFiles before = half == LayerHalf.ATTENTION || layer.parallel() ? hidden : attended;
                // The output of the half is not needed again. To save time, its output projection is recomputed only
                // where more than an addition follows it.
                @Nullable Linear skipped = layer.around(half).addsUnchanged() ? layer.outputProjection(half) : null;
                LinearTaps.Gradients found;
                Tensor result;
                try (Recording recording = Recording.open()) {
                    Kernels kernels = new Kernels(scope);
                    Tensor x = kernels.variable(load(before, layer.index(), chunk, scope));
                    if (skipped == null) {
                        result = tapped.through(half, x, scope);
                        found = taps.back(result, above, x);
                    } else {
                        result = tapped.outputProjectionInput(half, x, scope);
                        Tensor upstream = kernels.linearGradient(above, weights.get(skipped.weight()));
                        found = taps.back(result, upstream, x);
                        if (below == above) {
                            kernels.addInPlace(found.ofLeaf(0), above);
                        }
                    }
                }
                Kernels kernels = new Kernels(scope);
                if (skipped != null) {
                    gradients.add(skipped, kernels.detached(result), above);
                }
                found.addTo(gradients);
                kernels.replace(below, found.ofLeaf(0));
            }
        }

        private Tensor load(BoundaryFiles files, int boundary, int chunk, Scope owner) {
            int[][] ids = chunks.get(chunk);
            return files.load(boundary, chunk, owner, ids.length, ids[0].length, layout.hiddenSize());
        }

        private void report(Progress progress, int done) {
            tokens += (long) windows.length * windows[0].length;
            progress.advanced("layers", done, 2L * last - scope.first(), tokens);
        }
    }
}
