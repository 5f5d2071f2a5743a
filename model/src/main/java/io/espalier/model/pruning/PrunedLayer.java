package io.espalier.model.pruning;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Parameter;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A decoder layer that is being pruned: its weights are replaced by smaller ones, the attention half first. */
final class PrunedLayer {
    /** Bytes of rows that are read, cut and written together, so that they stay in the cache. */
    private static final int CACHED_BYTES = 1 << 20;

    private final LayerLayout before;
    private final LayerLayout after;
    private final LayerWeights weights;
    private final Surgery surgery;
    private final Set<String> written = new TreeSet<>();
    private final Map<String, Parameter> replaced = new TreeMap<>();
    private final Map<String, Parameter> uncut = new TreeMap<>();

    /**
     * The checkpoint that the pruned layer is written to.
     *
     * @param source the dense checkpoint
     * @param out the pruned checkpoint
     * @param tensors its declared tensors, by name
     */
    record Destination(Checkpoint source, CheckpointWriter out, Map<String, TensorInfo> tensors) {
        TensorInfo declared(String name) {
            return Objects.requireNonNull(tensors.get(name));
        }
    }

    /**
     * @param before layout of the layer in the source
     * @param after the same layout, with the biases that compensation adds
     * @param weights of the layer in the source; replaced as the layer is pruned
     */
    PrunedLayer(LayerLayout before, LayerLayout after, LayerWeights weights, Surgery surgery) {
        this.before = before;
        this.after = after;
        this.weights = weights;
        this.surgery = surgery;
    }

    int index() {
        return before.index();
    }

    /** The layer with its weights as they are now; computes with the halves that are not pruned yet. */
    DecoderLayer whole() {
        return new DecoderLayer(before, weights);
    }

    /** The layer with its weights as they are now; computes with the halves that are pruned, at least attention. */
    DecoderLayer cut() {
        return new DecoderLayer(
                before.keepingAttention(surgery.keptUnits(before.shape().attentionUnits())), weights);
    }

    /** The output projection of attention, whose input columns belong to the heads. */
    Linear outputProjection() {
        return before.attention().output();
    }

    /** The down projection, whose input columns belong to the FFN channels. */
    Linear downProjection() {
        return before.feedForward().down();
    }

    /** Whether a linear layer loses input columns. */
    boolean loses(Linear linear) {
        return surgery.kept(linear.weight().columns()).length < linear.inputs();
    }

    /** The kept and the removed input columns of a linear layer that is not pruned yet. */
    LostColumns lostColumns(Linear linear, Scope scope) {
        return LostColumns.of(
                weights.get(linear.weight()), surgery.kept(linear.weight().columns()), scope);
    }

    /** Removes the lost attention units from all linear layers of attention. */
    void cutAttention() {
        cutAttentionProjections();
        cut(List.of(outputProjection()));
    }

    /** The same for all but the output projection. */
    void cutAttentionProjections() {
        cut(before.attention().projections());
    }

    /** Removes the lost channels from all linear layers of the feed-forward block. */
    void cutFeedForward() {
        cutFeedForwardProjections();
        cut(List.of(downProjection()));
    }

    /** The same for all but the down projection. */
    void cutFeedForwardProjections() {
        cut(before.feedForward().projections());
    }

    private void cut(List<Linear> linears) {
        for (Linear linear : linears) {
            cut(linear.weight());
            Parameter bias = linear.bias();
            if (bias != null) {
                cut(bias);
            }
        }
    }

    private void cut(Parameter parameter) {
        if (parameter.removable()) {
            try (Scope scope = Scope.open()) {
                replace(parameter, surgery.slice(parameter, weights.get(parameter), scope));
            }
        }
    }

    /** Leaves the removal of all units to {@link #write}, which copies rows from file to file. */
    void cutWhenWritten() {
        for (Parameter parameter : before.parameters()) {
            if (parameter.removable()) {
                uncut.put(parameter.name(), parameter);
            }
        }
    }

    /** Replaces one of the layer's tensors. */
    void replace(Parameter parameter, Tensor tensor) {
        weights.put(parameter, tensor);
        replaced.put(parameter.name(), parameter);
    }

    /**
     * Adds to the bias of a linear layer, which gets one if it has none.
     *
     * @param shift [out]
     */
    void addBias(Linear linear, double[] shift) {
        Parameter bias = biasAfter(linear);
        float[] values = linear.bias() == null
                ? new float[shift.length]
                : weights.get(bias).floats();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] + shift[i]);
        }
        try (Scope scope = Scope.open()) {
            replace(bias, scope.floats(values, values.length));
        }
    }

    private Parameter biasAfter(Linear linear) {
        for (Linear there : after.linears()) {
            Parameter bias = there.bias();
            if (there.module().equals(linear.module()) && bias != null) {
                return bias;
            }
        }
        throw new IllegalStateException("the pruned model has no bias for " + linear.module());
    }

    /** Writes the replaced tensors of a half and frees all of its weights. The half must not be computed with again. */
    void finish(LayerHalf half, Destination destination) {
        List<Parameter> parameters = before.parameters(half);
        parameters.stream()
                .filter(parameter -> replaced.containsKey(parameter.name()))
                .forEach(parameter -> writeReplaced(parameter, destination));
        weights.drop(parameters);
    }

    private void writeReplaced(Parameter parameter, Destination destination) {
        replaced.remove(parameter.name());
        writeRows(weights.get(parameter), destination.out(), destination.declared(parameter.name()));
        written.add(parameter.name());
    }

    /**
     * Writes every tensor of the layer that pruning changed and that is not written yet.
     *
     * @return names of all tensors that this layer has written, earlier calls of {@link #finish} included
     */
    Set<String> write(Destination destination) {
        List.copyOf(replaced.values()).forEach(parameter -> writeReplaced(parameter, destination));
        uncut.values().forEach(parameter -> cutAndWrite(parameter, destination));
        return written;
    }

    private static void writeRows(Tensor tensor, CheckpointWriter out, TensorInfo declared) {
        eachBlock(tensor.dim(0), declared.bytes(), (first, rows) -> {
            try (Scope scope = Scope.open()) {
                Tensor block = new Kernels(scope).narrow(tensor, 0, first, rows);
                out.append(declared.name(), block.stored(declared.dtype(), scope));
            }
        });
    }

    private void cutAndWrite(Parameter parameter, Destination destination) {
        Checkpoint source = destination.source();
        TensorInfo declared = destination.declared(parameter.name());
        TensorInfo whole = source.tensor(parameter.name());
        StoredRowCutter cut = new StoredRowCutter(surgery, parameter, whole.dtype());
        eachBlock(whole.dim(0), whole.bytes(), (first, rows) -> {
            ByteBuffer block = StoredWeights.storedRows(source, whole.name(), first, rows);
            ByteBuffer left = cut.of(block, first);
            if (left.hasRemaining()) {
                destination.out().append(declared.name(), left);
            }
        });
        written.add(declared.name());
    }

    @FunctionalInterface
    private interface Block {
        void at(int first, int rows);
    }

    /** @param bytes of all rows */
    private static void eachBlock(int rows, long bytes, Block block) {
        int step = (int) Math.max(1, CACHED_BYTES / (bytes / rows));
        for (int first = 0; first < rows; first += step) {
            block.at(first, Math.min(step, rows - first));
        }
    }
}
