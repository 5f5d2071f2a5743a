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
 * Prunes a whole model by SparseGPT, one decoder layer after the other. Within a layer it prunes in the order in which the data
 * flows: the query, key and value projections, the output projection, the gate and up projections, the down projection. Each
 * Hessian is measured after all weights before it have been pruned and updated. Linear layers with the same input share one
 * Hessian.
 *
 * @param windows token ids of the calibration windows, [n][t]
 * @param scope the layers that are pruned; the others stay dense
 */
public record SparseGptPass(
        Checkpoint checkpoint,
        int[][] windows,
        SparsityPattern pattern,
        LinearChoice linears,
        LayerScope scope,
        MemoryBudget budget) {
    /** The criterion's name in requests. */
    public static final String NAME = "sparsegpt";

    /**
     * Checks before any computation that SparseGPT can prune these linear layers of this model.
     *
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} naming the target or
     *     the linear layers
     */
    public static void check(ModelLayout model, SparsityPattern pattern, LinearChoice linears) {
        MaskCriterion.requireInputsDivided(model, pattern, linears);
    }

    /**
     * The most bytes that the pass holds at once for {@code windows} windows of {@code length} tokens. It always holds the hidden
     * states and the weights of one layer, or only of the layer's feed-forward half once the attention half is freed. While it
     * measures, it also holds one Gram matrix in fp32 and activations. While it prunes, it holds the factor of the Hessian in
     * fp64 and a working copy of one weight matrix instead.
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
     * Writes every tensor of the checkpoint in the type in which the checkpoint stores it. Shapes and config do not change. The
     * same inputs give the same bytes.
     *
     * @param out a writer that was opened for the checkpoint's tensors; the caller finishes it
     * @return one report for each pruned tensor, in the order in which the data flows through the model
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} as in {@link #check}
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

    /** Prunes one layer while the stream holds the hidden states that enter it. */
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
            // The attention weights are no longer needed. The down projection's Hessian is the largest and needs the
            // memory.
            weights.drop(layout.parameters(LayerHalf.ATTENTION));
            Consumer<Linears.InputObserver> feedForward = observer -> stream.peekFeedForward(decoder, observer, null);
            prune(layout.feedForward().projections(), feedForward);
            prune(List.of(layout.feedForward().down()), feedForward);
            stream.throughFeedForward(decoder);
            return reports;
        }

        /**
         * Prunes the chosen linear layers of a group.
         *
         * @param group linear layers with the same input
         * @param peek shows the input of every linear layer of this half of the layer to an observer
         */
        private void prune(List<Linear> group, Consumer<Linears.InputObserver> peek) {
            List<Linear> chosen =
                    group.stream().filter(linears.of(layout)::contains).toList();
            if (chosen.isEmpty()) {
                return;
            }
            try (Scope scope = Scope.open()) {
                SparseGpt sparseGpt = measure(chosen.get(0), peek, scope);
                for (Linear linear : chosen) {
                    Tensor weight = weights.get(linear.weight());
                    Mask mask = sparseGpt.prune(weight, pattern);
                    written.write(linear, weight);
                    reports.add(new UpdateReport(MaskReport.of(linear, mask), sparseGpt.damping()));
                }
            }
        }

        private SparseGpt measure(Linear first, Consumer<Linears.InputObserver> peek, Scope owner) {
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
