package io.espalier.model.pruning;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.transformer.AttentionScores;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.ModelLayout;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Removes whole decoder layers (ShortGPT). The remaining layers are numbered from 0, and their tensors are copied from
 * file to file. {@link LayerSelection} chooses the layers.
 */
public final class LayerRemoval {
    private final Checkpoint checkpoint;
    private final ModelLayout layout;
    private final List<Integer> kept;
    private final ModelConfig model;
    /**
     * Whether the layers attend otherwise than a runtime concludes from their new indices if it does not read
     * {@code layer_types}: some families alternate sliding and full attention by layer index.
     */
    private final boolean misread;

    /**
     * @param removed indices of layers of the checkpoint
     * @throws EspalierException {@code INVALID_ARGUMENT} when a layer does not exist or none would remain
     */
    public LayerRemoval(Checkpoint checkpoint, Collection<Integer> removed) {
        this.checkpoint = checkpoint;
        this.layout = ModelLayout.of(checkpoint);
        int layers = layout.layers().size();
        Set<Integer> gone = Set.copyOf(removed);
        this.kept = IntStream.range(0, layers)
                .boxed()
                .filter(layer -> !gone.contains(layer))
                .toList();
        if (kept.isEmpty() || kept.size() + gone.size() != layers) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "removed layers: the model has layers 0 to %d, of which at least one must stay"
                            .formatted(layers - 1));
        }
        ModelConfig fewer = checkpoint.config().keepingLayers(kept);
        List<LayerLayout> read =
                ModelLayout.of(fewer, checkpoint.tensors().keySet()).layers();
        this.misread = !scores(read).equals(scores(keptLayers()));
        this.model = misread ? fewer.withSlidingLayers(slides(keptLayers())) : fewer;
    }

    private List<LayerLayout> keptLayers() {
        return kept.stream().map(layout.layers()::get).toList();
    }

    private static List<AttentionScores> scores(List<LayerLayout> layers) {
        return layers.stream().map(layer -> layer.attention().scores()).toList();
    }

    private static List<Boolean> slides(List<LayerLayout> layers) {
        return scores(layers).stream().map(scores -> scores.window() > 0).toList();
    }

    /** Indices in the source of the layers that remain, ascending. */
    public List<Integer> kept() {
        return kept;
    }

    /** Shape of each layer afterwards. */
    public List<LayerShape> shapes() {
        return model.layers();
    }

    /** The {@code config.json} of the pruned checkpoint. */
    public WrittenConfig config() {
        List<List<Double>> slopes =
                scores(keptLayers()).stream().map(AttentionScores::slopes).toList();
        boolean alibi = slopes.stream().anyMatch(heads -> !heads.isEmpty());
        WrittenConfig written = model.withShapes(shapes(), alibi ? slopes : List.of());
        return misread
                ? written.because(
                        "every layer has one shape; which layers slide no longer follows from their index, as older"
                                + " runtimes take it for " + layout.family()
                                + ": transformers 4.53 and later read layer_types")
                : written;
    }

    /** Every tensor of the pruned checkpoint, in the order of the source. */
    public List<TensorInfo> tensors() {
        return bySource().entrySet().stream()
                .map(entry -> checkpoint.tensor(entry.getKey()).named(entry.getValue()))
                .toList();
    }

    /**
     * Copies every tensor of {@link #tensors()}.
     *
     * @param out declared with {@link #tensors()}; not finished here
     */
    public void run(CheckpointWriter out, Progress progress) {
        Map<String, String> names = bySource();
        long done = 0;
        for (var name : names.entrySet()) {
            StoredWeights.copy(checkpoint, name.getKey(), out, name.getValue());
            done++;
            progress.advanced("tensors", done, names.size(), 0);
        }
    }

    /** The new name of each remaining tensor, by its name in the source. */
    private Map<String, String> bySource() {
        String prefix = layout.layerNames();
        Pattern ofLayer = Pattern.compile(Pattern.quote(prefix) + "(\\d{1,6})(\\..*)");
        Map<String, String> names = new LinkedHashMap<>();
        for (String name : checkpoint.tensors().keySet()) {
            Matcher layer = ofLayer.matcher(name);
            if (!layer.matches()) {
                names.put(name, name);
            } else if (kept.contains(Integer.valueOf(layer.group(1)))) {
                names.put(name, prefix + kept.indexOf(Integer.valueOf(layer.group(1))) + layer.group(2));
            }
        }
        return names;
    }
}
