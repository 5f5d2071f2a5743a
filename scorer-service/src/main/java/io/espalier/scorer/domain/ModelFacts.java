package io.espalier.scorer.domain;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.export.GgufExport;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.ModelSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** What people want to know of a checkpoint before they prune it, in lines. */
final class ModelFacts {
    private ModelFacts() {}

    /** @throws io.espalier.base.EspalierException as opening, laying out or tokenizing for a job */
    static List<String> of(Checkpoint checkpoint) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        List<LayerShape> layers = checkpoint.config().layers();
        List<String> lines = new ArrayList<>();
        long parameters = ModelSize.of(checkpoint.config(), checkpoint.tensors().values(), 1)
                .parameters();
        lines.add(String.format(
                Locale.ROOT,
                "family %s, %,d parameters, %,d bytes of %s",
                layout.family(),
                parameters,
                checkpoint.bytes(),
                types(checkpoint)));
        lines.addAll(shapes(layers));
        lines.add(units(layers.get(0)));
        lines.add(tokenizer(checkpoint));
        lines.add(gguf(checkpoint));
        checkpoint.ignored().forEach(ignored -> lines.add("left out: " + ignored));
        return lines;
    }

    private static String types(Checkpoint checkpoint) {
        return checkpoint.tensors().values().stream()
                .map(TensorInfo::dtype)
                .distinct()
                .map(type -> type.name().toLowerCase(Locale.ROOT))
                .sorted()
                .collect(Collectors.joining(" and "));
    }

    /** Layers with one shape stand in one line. */
    private static List<String> shapes(List<LayerShape> layers) {
        List<String> lines = new ArrayList<>();
        int first = 0;
        for (int layer = 1; layer <= layers.size(); layer++) {
            LayerShape shape = layers.get(first);
            if (layer == layers.size() || !layers.get(layer).equals(shape)) {
                lines.add(String.format(
                        Locale.ROOT,
                        "%s: %d query heads, %d KV heads of %d, %,d FFN channels",
                        first == layer - 1 ? "layer " + first : "layers %d to %d".formatted(first, layer - 1),
                        shape.heads(),
                        shape.kvHeads(),
                        shape.headDim(),
                        shape.ffnChannels()));
                first = layer;
            }
        }
        return lines;
    }

    private static String units(LayerShape layer) {
        return layer.headsPerGroup() == 1
                ? "attention loses heads"
                : "attention loses KV groups of %d query heads each; attention_unit query-head removes single ones of each group"
                        .formatted(layer.headsPerGroup());
    }

    private static String tokenizer(Checkpoint checkpoint) {
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            int[] beginning = tokenizer.beginning();
            return "windows of a text begin with "
                    + (beginning.length == 0 ? "its first word" : tokenizer.decode(beginning));
        }
    }

    private static String gguf(Checkpoint checkpoint) {
        Optional<String> refusal = GgufExport.refusal(
                        checkpoint.config(), checkpoint.config().layers(), false)
                .or(() -> GgufExport.tokenizerRefusal(checkpoint));
        return refusal.map(reason -> "no GGUF file for llama.cpp: " + reason)
                .orElse("a GGUF file for llama.cpp can be written");
    }
}
