package io.espalier.model.pruning;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Removes units layer by layer. With compensation it carries the calibration windows along: what enters a linear layer is
 * measured behind the layers already pruned and repaired, so that each repair also answers for the ones before it.
 */
public final class PruningPass {
    private final Checkpoint checkpoint;
    private final ModelLayout layout;
    private final List<RemovedUnits> removed;

    /**
     * @param removed one per layer; {@link RemovedUnits#NONE} leaves a layer alone
     * @throws EspalierException {@code INVALID_ARGUMENT} when units do not exist or a layer would lose all
     */
    public PruningPass(Checkpoint checkpoint, List<RemovedUnits> removed) {
        this.checkpoint = checkpoint;
        this.layout = ModelLayout.of(checkpoint);
        this.removed = List.copyOf(removed);
        if (removed.size() != layout.layers().size()) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "removed units: given for %d of %d layers"
                            .formatted(removed.size(), layout.layers().size()));
        }
        for (LayerLayout layer : layout.layers()) {
            check(layer, removed.get(layer.index()));
        }
    }

    private static void check(LayerLayout layer, RemovedUnits removed) {
        check(
                layer.index(),
                "attention units",
                removed.attention(),
                layer.shape().attentionUnits());
        check(layer.index(), "FFN channels", removed.ffn(), layer.shape().ffnChannels());
    }

    private static void check(int layer, String kind, int[] removed, int there) {
        if (removed.length >= there || (removed.length > 0 && removed[removed.length - 1] >= there)) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "removed units: layer %d has %d %s, of which at least one must stay".formatted(layer, there, kind));
        }
    }

    /** Shape of each layer afterwards. */
    public List<LayerShape> shapes() {
        return layout.layers().stream()
                .map(layer -> new Surgery(removed.get(layer.index())).shape(layer.shape()))
                .toList();
    }

    /** The config that says these shapes. */
    public WrittenConfig config() {
        List<List<Double>> slopes = layout.layers().stream()
                .map(layer -> layer.keepingAttention(new Surgery(removed.get(layer.index()))
                        .keptUnits(layer.shape().attentionUnits())))
                .map(layer -> layer.attention().scores().slopes())
                .toList();
        boolean alibi = slopes.stream().anyMatch(heads -> !heads.isEmpty());
        return checkpoint.config().withShapes(shapes(), alibi ? slopes : List.of());
    }

    /** Every tensor of the pruned checkpoint, in the order of the source's: what a {@link CheckpointWriter} must know. */
    public List<TensorInfo> tensors() {
        Map<String, TensorInfo> tensors = new LinkedHashMap<>(checkpoint.tensors());
        for (LayerLayout layer : layout.layers()) {
            Surgery surgery = new Surgery(removed.get(layer.index()));
            for (Parameter parameter : layer.parameters()) {
                tensors.computeIfPresent(parameter.name(), (name, info) -> surgery.sliced(parameter, info));
            }
        }
        return List.copyOf(tensors.values());
    }

    /**
     * Writes every tensor of {@link #tensors()}; the same inputs give the same bytes.
     *
     * @param windows [n][t] calibration tokens; not looked at without compensation
     * @param out declared with {@link #tensors()}; not finished here
     * @return one report per layer that lost units, in layer order; errors are 0 without compensation
     */
    public List<LayerRepair> run(int[][] windows, Compensation compensation, CheckpointWriter out, Progress progress) {
        List<LayerRepair> repairs =
                compensation == Compensation.NONE ? slice(out, progress) : repair(windows, compensation, out, progress);
        copyOthers(out);
        return repairs;
    }

    private List<LayerRepair> slice(CheckpointWriter out, Progress progress) {
        List<LayerRepair> repairs = new ArrayList<>();
        for (LayerLayout layer : layout.layers()) {
            RemovedUnits units = removed.get(layer.index());
            if (!units.isEmpty()) {
                try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                    PrunedLayer pruned = new PrunedLayer(layer, weights, new Surgery(units));
                    pruned.dropAttention();
                    pruned.dropFeedForward();
                    pruned.write(checkpoint, out);
                }
                repairs.add(new LayerRepair(layer.index(), LinearRepair.UNTOUCHED, LinearRepair.UNTOUCHED));
            }
            progress.advanced("layers", layer.index() + 1L, layout.layers().size(), 0);
        }
        return repairs;
    }

    private List<LayerRepair> repair(
            int[][] windows, Compensation compensation, CheckpointWriter out, Progress progress) {
        List<LayerRepair> repairs = new ArrayList<>();
        int last = lastPruned();
        try (LayerStream stream = LayerStream.embed(checkpoint, layout, windows)) {
            for (LayerLayout layer : layout.layers().subList(0, last + 1)) {
                RemovedUnits units = removed.get(layer.index());
                try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                    PrunedLayer pruned = new PrunedLayer(layer, weights, new Surgery(units));
                    LinearRepair attention = pruned.repairAttention(stream, compensation);
                    LinearRepair ffn = pruned.repairFeedForward(stream, compensation);
                    if (!units.isEmpty()) {
                        pruned.write(checkpoint, out);
                        repairs.add(new LayerRepair(layer.index(), attention, ffn));
                    }
                }
                progress.advanced("layers", layer.index() + 1L, last + 1L, (layer.index() + 1) * stream.tokens());
            }
        }
        return repairs;
    }

    private int lastPruned() {
        int last = -1;
        for (int layer = 0; layer < removed.size(); layer++) {
            last = removed.get(layer).isEmpty() ? last : layer;
        }
        return last;
    }

    /** Whatever no pruned layer wrote goes from file to file, untouched. */
    private void copyOthers(CheckpointWriter out) {
        Map<String, TensorInfo> others = new LinkedHashMap<>(checkpoint.tensors());
        for (LayerLayout layer : layout.layers()) {
            if (!removed.get(layer.index()).isEmpty()) {
                layer.parameters().forEach(parameter -> others.remove(parameter.name()));
            }
        }
        others.keySet().forEach(name -> out.copy(checkpoint, name));
    }
}
