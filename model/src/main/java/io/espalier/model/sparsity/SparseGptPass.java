package io.espalier.model.sparsity;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Linears;
import io.espalier.model.transformer.ModelLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * SparseGPT over a whole model: each Hessian is measured behind everything already pruned and updated, in the order the data
 * flows – queries, keys and values, attention output, gate and up, down –; linear layers with one input share one Hessian.
 *
 * @param windows [n][t] calibration tokens
 * @param scope layers outside stay dense
 */
public record SparseGptPass(
        Checkpoint checkpoint,
        int[][] windows,
        SparsityPattern pattern,
        LinearChoice linears,
        LayerScope scope,
        MemoryBudget budget) {
    /** As requests name it. */
    public static final String NAME = "sparsegpt";

    /**
     * Checks, before anything is computed, that this part of the model can be pruned so.
     *
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} naming the target or
     *     the linear layers
     */
    public static void check(ModelLayout model, SparsityPattern pattern, LinearChoice linears) {
        MaskCriterion.requireInputsDivided(model, pattern, linears);
    }

    /**
     * Bytes held at most over {@code windows} windows of {@code length} tokens: beside the layer, or its feed-forward half,
     * the Hessian of one input; then in its place the factor in fp64, with one changing matrix.
     */
    public static long bytes(Footprint footprint, int windows, int length) {
        long activations = footprint.activationsToSum(windows, length);
        return footprint.hidden(windows, length)
                + footprint.largest(layer -> Footprint.mostOfHalves(
                        layer,
                        linear -> Math.max(
                                Footprint.gram(linear.inputs()) + activations,
                                2 * Footprint.gram(linear.inputs()) + SparseGpt.WEIGHT_BYTES * linear.weights())));
    }

    /**
     * Writes every tensor of the checkpoint, in the types it stores them in; config and shapes stay as they are. The same
     * inputs give the same bytes.
     *
     * @param out declared with the checkpoint's tensors; not finished here
     * @return what became of each chosen tensor, in the order of the layers and of the data in them
     */
    public List<UpdateReport> run(CheckpointWriter out, Progress progress) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        check(layout, pattern, linears);
        List<UpdateReport> reports = new ArrayList<>();
        SparseTensors written = new SparseTensors(checkpoint, out);
        try (LayerStream stream = LayerStream.embedToSum(checkpoint, layout, windows, budget)) {
            for (LayerLayout layer : layout.layers().subList(0, scope.last())) {
                try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                    if (scope.contains(layer.index())) {
                        reports.addAll(new Layer(stream, layer, weights, written).pruned());
                    } else {
                        stream.through(new DecoderLayer(layer, weights));
                    }
                }
                progress.advanced("layers", layer.index() + 1L, scope.last(), (layer.index() + 1) * stream.tokens());
            }
        }
        written.copyOthers();
        return reports;
    }

    /** One layer whose weights change while the windows stand before it. */
    private final class Layer {
        private final LayerStream stream;
        private final LayerLayout layout;
        private final LayerWeights weights;
        private final SparseTensors written;
        private final List<UpdateReport> reports = new ArrayList<>();

        Layer(LayerStream stream, LayerLayout layout, LayerWeights weights, SparseTensors written) {
            this.stream = stream;
            this.layout = layout;
            this.weights = weights;
            this.written = written;
        }

        List<UpdateReport> pruned() {
            DecoderLayer decoder = new DecoderLayer(layout, weights);
            Consumer<Linears.InputObserver> attention = observer -> stream.peekAttention(decoder, observer, null);
            prune(layout.attention().projections(), attention);
            prune(List.of(layout.attention().output()), attention);
            stream.throughAttention(decoder);
            // Nobody looks at this half again, and the other one's Hessian is the largest.
            weights.drop(layout.parameters(LayerHalf.ATTENTION));
            Consumer<Linears.InputObserver> feedForward = observer -> stream.peekFeedForward(decoder, observer, null);
            prune(layout.feedForward().projections(), feedForward);
            prune(List.of(layout.feedForward().down()), feedForward);
            stream.throughFeedForward(decoder);
            return reports;
        }

        /** @param group linear layers that read the same input */
        private void prune(List<Linear> group, Consumer<Linears.InputObserver> peek) {
            List<Linear> chosen =
                    group.stream().filter(linears.of(layout)::contains).toList();
            if (chosen.isEmpty()) {
                return;
            }
            try (Scope scope = Scope.open()) {
                SparseGpt surgeon = surgeon(chosen.get(0), peek, scope);
                for (Linear linear : chosen) {
                    Tensor weight = weights.get(linear.weight());
                    Mask mask = surgeon.prune(weight, pattern);
                    written.write(linear, weight);
                    reports.add(new UpdateReport(MaskReport.of(linear, mask), surgeon.damping()));
                }
            }
        }

        private SparseGpt surgeon(Linear first, Consumer<Linears.InputObserver> peek, Scope owner) {
            GramSystem gram = GramSystem.zeros(first.inputs(), owner);
            peek.accept((linear, x) -> {
                if (linear.equals(first)) {
                    gram.add(x);
                }
            });
            return SparseGpt.of(gram, owner);
        }
    }
}
