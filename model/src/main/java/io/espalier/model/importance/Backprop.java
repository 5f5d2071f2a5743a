package io.espalier.model.importance;

import io.espalier.model.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.pruning.LayerScope;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Recording;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;

/**
 * Exact gradients of the mean loss, layer by layer: forward once, keeping what enters each layer on disk; then from the
 * last layer to the first each is read again, recomputed while the engine records, and led back through. One layer's
 * weights and gradients are in memory, whatever the model's depth.
 *
 * @param windows [n][t] token ids; each is a sample
 * @param scope layers whose gradients are wanted
 * @param squares whether {@link GradientSource#squaredGradient} is wanted too; costs as much memory again
 */
public record Backprop(
        Checkpoint checkpoint, int[][] windows, LayerScope scope, boolean squares, Computation computation) {
    /** In fp32. */
    public Backprop(Checkpoint checkpoint, int[][] windows, LayerScope scope, boolean squares) {
        this(checkpoint, windows, scope, squares, Computation.EXACT);
    }

    /** Receives a layer's gradients, the last layer of the scope first. */
    @FunctionalInterface
    public interface Visitor {
        /** Weights and gradients are gone when it returns. */
        void visit(LayerLayout layer, LayerWeights weights, LayerGradients gradients);
    }

    /**
     * Runs to the end, from the position that an earlier run of the same record left in the folder. A layer counts as
     * visited once the position behind it is saved, so the visitor may see the layer of a crash twice, with the same
     * gradients.
     *
     * @param position folder of this backpropagation alone
     */
    public void run(Path position, Visitor visitor, Progress progress) {
        new Pass(position).run(visitor, progress);
    }

    private final class Pass {
        private final ModelLayout layout = ModelLayout.of(checkpoint);
        private final int last = layout.layers().size();
        private final BoundaryFiles hidden;
        private final BoundaryFiles upstream;
        private final List<int[][]> chunks;
        private long tokens;

        Pass(Path position) {
            chunks = LayerStream.chunkedToSum(windows, layout, computation);
            hidden = new BoundaryFiles(position, "hidden", chunks.size());
            upstream = new BoundaryFiles(position, "upstream", chunks.size());
        }

        void run(Visitor visitor, Progress progress) {
            OptionalInt reached = upstream.lowest(scope.first(), last);
            if (reached.isEmpty()) {
                forward(progress);
            }
            List<LayerLayout> remaining = new ArrayList<>(layout.layers().subList(scope.first(), reached.orElse(last)));
            Collections.reverse(remaining);
            WeightStream.forEachRecordable(checkpoint, remaining, computation, (layer, weights) -> {
                backward(layer, weights, visitor);
                report(progress, 2 * last - layer.index());
            });
        }

        private void forward(Progress progress) {
            int first = hidden.highest(scope.first(), last).orElse(0);
            try (LayerStream stream = first == 0
                            ? LayerStream.embed(checkpoint, layout, chunks)
                            : LayerStream.resumed(chunks, (chunk, owner) -> load(hidden, first, chunk, owner));
                    Scope head = Scope.open()) {
                List<LayerLayout> layers = layout.layers().subList(first, last);
                WeightStream.forEach(checkpoint, layers, computation, (layer, weights) -> {
                    if (layer.index() >= scope.first()) {
                        hidden.save(layer.index(), stream.chunks());
                    }
                    stream.through(new DecoderLayer(layer, weights));
                    report(progress, layer.index() + 1);
                });
                hidden.save(last, stream.chunks());
                LanguageHead loss = new LanguageHead(checkpoint, layout, computation.type());
                upstream.save(last, loss.lossGradient(stream, head));
            }
        }

        private void backward(LayerLayout layer, LayerWeights weights, Visitor visitor) {
            boolean wanted = scope.contains(layer.index());
            try (Scope below = Scope.open();
                    LayerGradients gradients =
                            new LayerGradients(wanted ? layer.linears() : List.of(), windows.length, squares)) {
                List<Tensor> inputs = new ArrayList<>();
                for (int chunk = 0; chunk < chunks.size(); chunk++) {
                    inputs.add(backward(layer, weights, chunk, gradients, below));
                }
                if (wanted) {
                    visitor.visit(layer, weights, gradients);
                }
                upstream.save(layer.index(), inputs);
            }
        }

        /** @return the gradient with respect to the layer's input, in {@code target} */
        private Tensor backward(
                LayerLayout layer, LayerWeights weights, int chunk, LayerGradients gradients, Scope target) {
            try (Scope scope = Scope.open()) {
                LinearTaps taps = new LinearTaps(weights, scope);
                DecoderLayer tapped = new DecoderLayer(layer, weights, taps);
                LinearTaps.Found found;
                try (Recording recording = Recording.open()) {
                    Kernels kernels = new Kernels(scope);
                    Tensor x = kernels.variable(load(hidden, layer.index(), chunk, scope));
                    Tensor above = load(upstream, layer.index() + 1, chunk, scope);
                    found = tapped.endsInDown()
                            ? throughDown(tapped, x, above, taps, scope)
                            : taps.found(kernels.gradients(tapped.forward(x, scope), above, taps.outputsAnd(x)));
                }
                gradients.add(found.taps(), found.upstream());
                return found.below().keepIn(target);
            }
        }

        /** The output itself is not needed, so the down projection, a quarter of the layer, is not computed again. */
        private LinearTaps.Found throughDown(DecoderLayer layer, Tensor x, Tensor above, LinearTaps taps, Scope scope) {
            Kernels kernels = new Kernels(scope);
            Linear down = layer.layout().feedForward().down();
            DecoderLayer.BeforeDown before = layer.upToDown(x, scope);
            return taps.found(kernels.gradients(
                            List.of(before.attended(), before.active()),
                            List.of(
                                    above,
                                    kernels.linearGradient(
                                            above, layer.weights().get(down.weight()))),
                            taps.outputsAnd(x)))
                    .and(down, kernels.detached(before.active()), above);
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
