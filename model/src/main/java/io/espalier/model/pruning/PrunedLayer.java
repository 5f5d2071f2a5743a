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

/** One layer on the operating table: its weights are replaced by smaller ones, one half after the other. */
final class PrunedLayer {
    /** Of a tensor's rows, those that pass together from file to file. */
    private static final int CACHED_BYTES = 1 << 20;

    private final LayerLayout before;
    private final LayerLayout after;
    private final LayerWeights weights;
    private final Surgery surgery;
    private final Set<String> written = new TreeSet<>();
    private final Map<String, Parameter> replaced = new TreeMap<>();
    private final Map<String, Parameter> uncut = new TreeMap<>();

    /**
     * Where what is cut goes.
     *
     * @param source what the layer is from
     * @param tensors what the new checkpoint was told of each
     */
    record Destination(Checkpoint source, CheckpointWriter out, Map<String, TensorInfo> tensors) {
        TensorInfo told(String name) {
            return Objects.requireNonNull(tensors.get(name));
        }
    }

    /**
     * @param before the layer as the source has it
     * @param after the same with the biases of the pruned model
     * @param weights of the source
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

    /** To compute with halves that are not cut yet. */
    DecoderLayer whole() {
        return new DecoderLayer(before, weights);
    }

    /** To compute with halves that are cut, the attention at least. */
    DecoderLayer cut() {
        return new DecoderLayer(
                before.keepingAttention(surgery.keptUnits(before.shape().attentionUnits())), weights);
    }

    /** Through which the heads speak. */
    Linear attentionOutput() {
        return before.attention().output();
    }

    /** Through which the FFN channels speak. */
    Linear down() {
        return before.feedForward().down();
    }

    /** Whether a linear layer loses input columns. */
    boolean loses(Linear linear) {
        return surgery.kept(linear.weight().columns()).length < linear.inputs();
    }

    /** Its columns, while it is not cut yet. */
    LostColumns lostColumns(Linear linear, Scope scope) {
        return LostColumns.of(
                weights.get(linear.weight()), surgery.kept(linear.weight().columns()), scope);
    }

    /** Cuts everything that belongs to the removed attention units. */
    void cutAttention() {
        cutAttentionProjections();
        cut(List.of(attentionOutput()));
    }

    /** All of that but the output. */
    void cutAttentionProjections() {
        cut(before.attention().projections());
    }

    /** Cuts everything that belongs to the removed FFN channels. */
    void cutFeedForward() {
        cutFeedForwardProjections();
        cut(List.of(down()));
    }

    /** All of that but the down projection. */
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

    /** Leaves all cutting to {@link #write}. */
    void cutWhenWritten() {
        for (Parameter parameter : before.parameters()) {
            if (parameter.removable()) {
                uncut.put(parameter.name(), parameter);
            }
        }
    }

    /** Puts another tensor in the place of one of the layer's. */
    void replace(Parameter parameter, Tensor tensor) {
        weights.put(parameter, tensor);
        replaced.put(parameter.name(), parameter);
    }

    /** Adds to the bias of a linear layer, or gives it its first. */
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

    /** Writes what was replaced of a half and frees it: nobody computes with it again. */
    void finish(LayerHalf half, Destination destination) {
        List<Parameter> parameters = before.parameters(half);
        parameters.stream()
                .filter(parameter -> replaced.containsKey(parameter.name()))
                .forEach(parameter -> writeReplaced(parameter, destination));
        weights.drop(parameters);
    }

    private void writeReplaced(Parameter parameter, Destination destination) {
        replaced.remove(parameter.name());
        writeRows(weights.get(parameter), destination.out(), destination.told(parameter.name()));
        written.add(parameter.name());
    }

    /**
     * Writes the other tensors that were replaced, and cuts and writes those that are to be cut. What is made is written,
     * and digested, while it is in the cache.
     *
     * @return names of all that was written
     */
    Set<String> write(Destination destination) {
        List.copyOf(replaced.values()).forEach(parameter -> writeReplaced(parameter, destination));
        uncut.values().forEach(parameter -> cutAndWrite(parameter, destination));
        return written;
    }

    private static void writeRows(Tensor tensor, CheckpointWriter out, TensorInfo told) {
        eachBlock(tensor.dim(0), told.bytes(), (first, rows) -> {
            try (Scope scope = Scope.open()) {
                Tensor block = new Kernels(scope).narrow(tensor, 0, first, rows);
                out.append(told.name(), block.stored(told.dtype(), scope));
            }
        });
    }

    private void cutAndWrite(Parameter parameter, Destination destination) {
        Checkpoint source = destination.source();
        TensorInfo told = destination.told(parameter.name());
        TensorInfo whole = source.tensor(parameter.name());
        StoredRowCutter cut = new StoredRowCutter(surgery, parameter, whole.dtype());
        eachBlock(whole.dim(0), whole.bytes(), (first, rows) -> {
            ByteBuffer block = StoredWeights.readRows(source, whole.name(), first, rows);
            ByteBuffer left = cut.of(block, first);
            if (left.hasRemaining()) {
                destination.out().append(told.name(), left);
            }
        });
        written.add(told.name());
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
