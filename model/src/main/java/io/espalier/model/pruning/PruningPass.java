package io.espalier.model.pruning;

import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Removes units layer by layer, with the weights of one layer in memory at a time. With compensation, the calibration
 * windows pass the layers with it.
 */
public final class PruningPass {
    private final Checkpoint checkpoint;
    private final ModelLayout layout;
    private final List<RemovedUnits> removed;
    private final Compensation compensation;
    private final MemoryBudget budget;
    private final PrunedTensors pruned;

    /**
     * @param removed one per layer; {@link RemovedUnits#NONE} leaves a layer alone
     * @throws EspalierException {@code INVALID_ARGUMENT} when units do not exist or a layer would lose all
     */
    public PruningPass(
            Checkpoint checkpoint, List<RemovedUnits> removed, Compensation compensation, MemoryBudget budget) {
        this.checkpoint = checkpoint;
        this.layout = ModelLayout.of(checkpoint);
        this.removed = List.copyOf(removed);
        this.compensation = compensation;
        this.budget = budget;
        this.pruned = new PrunedTensors(checkpoint, compensation);
        RemovedUnits.check(removed, checkpoint.config().layers());
    }

    /** Shape of each layer afterwards. */
    public List<LayerShape> shapes() {
        return layout.layers().stream()
                .map(layer -> new Surgery(removed.get(layer.index())).shape(layer.shape()))
                .toList();
    }

    /** {@code config.json} of the pruned checkpoint. */
    public WrittenConfig config() {
        List<List<Double>> slopes = layout.layers().stream()
                .map(layer -> layer.keepingAttention(new Surgery(removed.get(layer.index()))
                        .keptUnits(layer.shape().attentionUnits())))
                .map(layer -> layer.attention().scores().slopes())
                .toList();
        boolean alibi = slopes.stream().anyMatch(heads -> !heads.isEmpty());
        return pruned.model().withShapes(shapes(), alibi ? slopes : List.of());
    }

    /**
     * Every tensor of the pruned checkpoint, in the order of the source; what a {@link CheckpointWriter} is declared
     * with.
     */
    public List<TensorInfo> tensors() {
        return pruned.of(shapes());
    }

    /**
     * Writes every tensor of {@link #tensors()}; the same inputs give the same bytes.
     *
     * @param windows [windows, tokens] of the calibration text; not read without compensation
     * @param out declared with {@link #tensors()}; not finished here
     * @return one report per layer that lost units, in layer order; errors are 0 without compensation
     */
    public List<LayerRepair> run(int[][] windows, CheckpointWriter out, Progress progress) {
        List<LayerRepair> repairs = new ArrayList<>();
        Map<String, TensorInfo> missing = new LinkedHashMap<>();
        tensors().forEach(tensor -> missing.put(tensor.name(), tensor));
        List<TensorInfo> outside = outsidePrunedLayers();
        writeUntouched(outside, out);
        outside.forEach(tensor -> missing.remove(tensor.name()));
        int end = lastPruned() + 1;
        List<LayerLayout> layers = layout.layers().subList(0, end);
        try (CalibrationPass pass = compensation.begin(checkpoint, layout, windows, budget)) {
            for (LayerLayout before : layers) {
                boolean loses = !removed.get(before.index()).isEmpty();
                if (loses || pass.passesEveryLayer()) {
                    LayerRepair repair = through(before, pass, missing, out);
                    if (loses) {
                        repairs.add(repair);
                    }
                }
                progress.advanced("layers", before.index() + 1L, end, (before.index() + 1) * pass.tokens());
            }
        }
        return repairs;
    }

    private LayerRepair through(
            LayerLayout before, CalibrationPass pass, Map<String, TensorInfo> missing, CheckpointWriter out) {
        LayerLayout after = pruned.layout().layers().get(before.index());
        Surgery surgery = new Surgery(removed.get(before.index()));
        try (LayerWeights weights = pass.read(checkpoint, before)) {
            PrunedLayer layer = new PrunedLayer(before, after, weights, surgery);
            PrunedLayer.Destination destination = new PrunedLayer.Destination(checkpoint, out, missing);
            LayerRepair repair = pass.through(layer, destination);
            missing.keySet().removeAll(layer.write(destination));
            List<TensorInfo> untouched = names(after)
                    .flatMap(name -> Stream.ofNullable(missing.remove(name)))
                    .toList();
            writeUntouched(untouched, out);
            return repair;
        }
    }

    /**
     * Tensors that no pruned layer holds. They are written first, because a file that grows from its beginning can be
     * digested while the rest is computed.
     */
    private List<TensorInfo> outsidePrunedLayers() {
        Set<String> inside = pruned.layout().layers().stream()
                .filter(layer -> !removed.get(layer.index()).isEmpty())
                .flatMap(PruningPass::names)
                .collect(Collectors.toSet());
        return tensors().stream()
                .filter(tensor -> !inside.contains(tensor.name()))
                .toList();
    }

    private static Stream<String> names(LayerLayout layer) {
        return layer.parameters().stream().map(Parameter::name);
    }

    private int lastPruned() {
        int last = -1;
        for (int layer = 0; layer < removed.size(); layer++) {
            last = removed.get(layer).isEmpty() ? last : layer;
        }
        return last;
    }

    /**
     * Copies tensors from file to file. A tensor that the source lacks is written as zeros: it is a bias that the
     * config switches on together with those of the output and down projections, which compensation fills.
     */
    private void writeUntouched(List<TensorInfo> tensors, CheckpointWriter out) {
        for (TensorInfo tensor : tensors) {
            if (checkpoint.has(tensor.name())) {
                StoredWeights.copy(checkpoint, tensor.name(), out, tensor.name());
            } else {
                out.write(tensor.name(), ByteBuffer.allocate(Math.toIntExact(tensor.bytes())));
            }
        }
    }
}
