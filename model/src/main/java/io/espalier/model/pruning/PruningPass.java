package io.espalier.model.pruning;

import io.espalier.model.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Removes units layer by layer, one layer's weights in memory at a time. With compensation it carries the calibration
 * windows along.
 */
public final class PruningPass {
    private final Checkpoint checkpoint;
    private final ModelLayout layout;
    private final List<RemovedUnits> removed;
    private final Compensation compensation;
    private final PrunedTensors pruned;

    /**
     * @param removed one per layer; {@link RemovedUnits#NONE} leaves a layer alone
     * @throws EspalierException {@code INVALID_ARGUMENT} when units do not exist or a layer would lose all
     */
    public PruningPass(Checkpoint checkpoint, List<RemovedUnits> removed, Compensation compensation) {
        this.checkpoint = checkpoint;
        this.layout = ModelLayout.of(checkpoint);
        this.removed = List.copyOf(removed);
        this.compensation = compensation;
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

    /** Every tensor of the pruned checkpoint, in the order of the source's: what a {@link CheckpointWriter} must know. */
    public List<TensorInfo> tensors() {
        return pruned.of(shapes());
    }

    /**
     * Writes every tensor of {@link #tensors()}; the same inputs give the same bytes.
     *
     * @param windows [n][t] calibration tokens; not looked at without compensation
     * @param out declared with {@link #tensors()}; not finished here
     * @return one report per layer that lost units, in layer order; errors are 0 without compensation
     */
    public List<LayerRepair> run(int[][] windows, CheckpointWriter out, Progress progress) {
        List<LayerRepair> repairs = new ArrayList<>();
        Map<String, TensorInfo> missing = new LinkedHashMap<>();
        tensors().forEach(tensor -> missing.put(tensor.name(), tensor));
        List<LayerLayout> after = pruned.layout().layers();
        int end = lastPruned() + 1;
        try (CalibrationPass pass = compensation.begin(checkpoint, layout, windows)) {
            for (LayerLayout before : layout.layers().subList(0, end)) {
                RemovedUnits units = removed.get(before.index());
                try (LayerWeights weights = LayerWeights.read(checkpoint, before)) {
                    PrunedLayer layer = new PrunedLayer(before, after.get(before.index()), weights, new Surgery(units));
                    LayerRepair repair = pass.through(layer);
                    if (!units.isEmpty()) {
                        missing.keySet().removeAll(layer.write(out, missing));
                        repairs.add(repair);
                    }
                }
                progress.advanced("layers", before.index() + 1L, end, (before.index() + 1) * pass.tokens());
            }
        }
        missing.values().forEach(tensor -> writeUntouched(tensor, out));
        return repairs;
    }

    private int lastPruned() {
        int last = -1;
        for (int layer = 0; layer < removed.size(); layer++) {
            last = removed.get(layer).isEmpty() ? last : layer;
        }
        return last;
    }

    /** From file to file; a bias that only other linear layers need is zero. */
    private void writeUntouched(TensorInfo tensor, CheckpointWriter out) {
        if (checkpoint.has(tensor.name())) {
            out.copy(checkpoint, tensor.name());
        } else {
            out.write(tensor.name(), ByteBuffer.allocate(Math.toIntExact(tensor.bytes())));
        }
    }
}
