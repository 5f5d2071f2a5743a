package io.espalier.model.export;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint whose layers are all filled up with zeros to one shape. A head or channel of zeros adds nothing to what the layer
 * gives: its column of the output projection or the down projection is zero.
 */
final class Padding {
    private final Checkpoint checkpoint;
    private final WrittenConfig config;
    private final Map<String, PaddedTensor> padded;

    private Padding(Checkpoint checkpoint, WrittenConfig config, Map<String, PaddedTensor> padded) {
        this.checkpoint = checkpoint;
        this.config = config;
        this.padded = padded;
    }

    /** @throws EspalierException {@code MODEL_UNSUPPORTED} when the family's config has no words for the shape either */
    static Padding of(Checkpoint checkpoint) {
        ModelConfig model = checkpoint.config();
        LayerShape widest = widest(model);
        List<LayerShape> shapes = Collections.nCopies(model.layers().size(), widest);
        WrittenConfig config = model.withShapes(shapes);
        if (config.profile() != Profile.UNIFORM) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "%s: even padded it loads in no stock runtime: %s".formatted(model.modelType(), config.reason()));
        }
        Set<String> names = checkpoint.tensors().keySet();
        List<LayerLayout> narrow = ModelLayout.of(model, names).layers();
        List<LayerLayout> wide = ModelLayout.of(config.read(), names).layers();
        Map<String, PaddedTensor> padded = new HashMap<>();
        for (int layer = 0; layer < shapes.size(); layer++) {
            int[] places = places(narrow.get(layer), wide.get(layer));
            List<Parameter> from = narrow.get(layer).parameters();
            List<Parameter> to = wide.get(layer).parameters();
            for (int i = 0; i < from.size(); i++) {
                if (from.get(i).removable()) {
                    padded.put(from.get(i).name(), new PaddedTensor(from.get(i), to.get(i), places));
                }
            }
        }
        return new Padding(checkpoint, config, padded);
    }

    /** The shape that holds every layer and that the family's config can say. */
    private static LayerShape widest(ModelConfig model) {
        List<LayerShape> layers = model.layers();
        int headDim = layers.get(0).headDim();
        int kvHeads = layers.stream().mapToInt(LayerShape::kvHeads).max().orElseThrow();
        int perGroup = layers.stream().mapToInt(LayerShape::headsPerGroup).max().orElseThrow();
        int channels = layers.stream().mapToInt(LayerShape::ffnChannels).max().orElseThrow();
        return switch (model.modelType()) {
            // Their configs derive the size of a head from the hidden size, and BLOOM's the FFN width too.
            case "opt", "gpt_neox" -> all(model, headDim, channels);
            case "bloom" -> all(model, headDim, 4 * model.hiddenSize());
            default -> new LayerShape(kvHeads * perGroup, kvHeads, headDim, channels);
        };
    }

    private static LayerShape all(ModelConfig model, int headDim, int channels) {
        int heads = model.hiddenSize() / headDim;
        return new LayerShape(heads, heads, headDim, channels);
    }

    /** Where each attention unit of a layer goes in the wider one: a head of BLOOM to the one with its slope. */
    private static int[] places(LayerLayout narrow, LayerLayout wide) {
        List<Double> slopes = narrow.attention().scores().slopes();
        int[] places = new int[narrow.shape().attentionUnits()];
        for (int unit = 0; unit < places.length; unit++) {
            places[unit] =
                    slopes.isEmpty() ? unit : nearest(wide.attention().scores().slopes(), slopes.get(unit));
        }
        return places;
    }

    private static int nearest(List<Double> slopes, double slope) {
        int nearest = 0;
        for (int head = 1; head < slopes.size(); head++) {
            if (Math.abs(slopes.get(head) - slope) < Math.abs(slopes.get(nearest) - slope)) {
                nearest = head;
            }
        }
        return nearest;
    }

    WrittenConfig write(Path folder, Progress progress) {
        List<TensorInfo> tensors = checkpoint.tensors().values().stream()
                .map(tensor -> padded.containsKey(tensor.name())
                        ? padded.get(tensor.name()).declared(tensor)
                        : tensor)
                .toList();
        try (CheckpointWriter writer = CheckpointWriter.create(folder, tensors)) {
            for (int i = 0; i < tensors.size(); i++) {
                String name = tensors.get(i).name();
                PaddedTensor wider = padded.get(name);
                if (wider == null) {
                    StoredWeights.copy(checkpoint, name, writer, name);
                } else {
                    wider.write(checkpoint, writer);
                }
                progress.advanced("tensors", i + 1L, tensors.size(), 0);
            }
            writer.writeConfig(config);
            writer.copyCompanions(checkpoint);
            writer.finish();
        }
        return config;
    }
}
