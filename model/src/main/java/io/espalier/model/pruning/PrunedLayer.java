package io.espalier.model.pruning;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Linears.InputWitness;
import io.espalier.model.transformer.Parameter;
import java.util.List;
import java.util.function.BiConsumer;

/** One layer on the operating table: its weights are replaced by smaller ones, attention first. */
final class PrunedLayer {
    private final LayerLayout layout;
    private final LayerWeights weights;
    private final Surgery surgery;
    /** What the layer computes by once its attention is cut. */
    private LayerLayout remaining;

    PrunedLayer(LayerLayout layout, LayerWeights weights, Surgery surgery) {
        this.layout = layout;
        this.remaining = layout;
        this.weights = weights;
        this.surgery = surgery;
    }

    /** Cuts the attention without repair. */
    void dropAttention() {
        layout.attention().projections().forEach(this::cut);
        cut(layout.attention().output());
    }

    /** Cuts the feed-forward block without repair. */
    void dropFeedForward() {
        layout.feedForward().projections().forEach(this::cut);
        cut(layout.feedForward().down());
    }

    /** Cuts the attention, repairs its output projection by what the stream brings, and sends the stream through. */
    LinearRepair repairAttention(LayerStream stream, Compensation compensation) {
        LinearRepair repair = repair(
                layout.attention().projections(), layout.attention().output(), stream::peekAttention, compensation);
        remaining = layout.keepingAttention(surgery.keptUnits(layout.shape().attentionUnits()));
        stream.throughAttention(layer());
        return repair;
    }

    /** The same for the feed-forward block, behind the repaired attention. */
    LinearRepair repairFeedForward(LayerStream stream, Compensation compensation) {
        LinearRepair repair = repair(
                layout.feedForward().projections(), layout.feedForward().down(), stream::peekFeedForward, compensation);
        stream.throughFeedForward(layer());
        return repair;
    }

    private LinearRepair repair(List<Linear> readers, Linear speaker, LayerPeek peek, Compensation compensation) {
        int[] kept = surgery.kept(speaker.weight().columns());
        if (kept.length == speaker.inputs()) {
            return LinearRepair.UNTOUCHED;
        }
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            Tensor gram = kernels.zeros(speaker.inputs(), speaker.inputs());
            peek.of(layer().watched(onInputOf(speaker, (linear, x) -> kernels.accumulateGram(gram, x))));
            Tensor weight = weights.get(speaker.weight());
            LeastSquares.Solution solution = compensation.repair(weight, gram, kept, scope);
            Tensor dropped = kernels.select(weight, 1, kept);
            LinearRepair repair = new LinearRepair(
                    LeastSquares.relativeError(weight, gram, kept, dropped, scope),
                    LeastSquares.relativeError(weight, gram, kept, solution.weight(), scope),
                    solution.damping());
            weights.put(speaker.weight(), solution.weight());
            readers.forEach(this::cut);
            return repair;
        }
    }

    @FunctionalInterface
    private interface LayerPeek {
        void of(DecoderLayer layer);
    }

    private static InputWitness onInputOf(Linear wanted, BiConsumer<Linear, Tensor> witness) {
        return (linear, x) -> {
            if (linear.equals(wanted)) {
                witness.accept(linear, x);
            }
        };
    }

    private DecoderLayer layer() {
        return new DecoderLayer(remaining, weights);
    }

    private void cut(Linear linear) {
        cut(linear.weight());
        Parameter bias = linear.bias();
        if (bias != null) {
            cut(bias);
        }
    }

    private void cut(Parameter parameter) {
        if (parameter.removable()) {
            try (Scope scope = Scope.open()) {
                weights.put(parameter, surgery.slice(parameter, weights.get(parameter), scope));
            }
        }
    }

    /** Writes every tensor of the layer as the source stored it: those without removable units from file to file. */
    void write(Checkpoint source, CheckpointWriter out) {
        for (Parameter parameter : layout.parameters()) {
            String name = parameter.name();
            if (parameter.removable()) {
                out.write(
                        name, weights.get(parameter).stored(source.tensor(name).dtype()));
            } else {
                out.copy(source, name);
            }
        }
    }
}
