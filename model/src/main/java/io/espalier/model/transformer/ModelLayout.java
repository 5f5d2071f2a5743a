package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.file.Quoted;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A whole model as data: the names, shapes and roles of its tensors, layer by layer.
 *
 * @param hiddenSize d, the width of the residual stream
 * @param vocabulary number of token ids
 */
public record ModelLayout(
        String family, int hiddenSize, int vocabulary, Embedding embedding, List<LayerLayout> layers, Output output) {
    public ModelLayout {
        layers = List.copyOf(layers);
    }

    private static final Pattern LAYER_NUMBER = Pattern.compile("(?:^|\\.)(?:layers|h)\\.(\\d+)\\.");

    /**
     * Finds the family of a checkpoint and compares the shape of every tensor with the config, so that no later
     * computation fails because of a shape.
     *
     * @throws EspalierException {@code MODEL_UNSUPPORTED} naming the supported families or storage types; {@code
     *     MODEL_CORRUPT} naming a tensor that is missing or has another shape than the config says
     */
    public static ModelLayout of(Checkpoint checkpoint) {
        ModelLayout layout = of(checkpoint.config(), checkpoint.tensors().keySet());
        Set<String> known = new HashSet<>();
        for (Parameter parameter : layout.parameters()) {
            check(parameter, checkpoint.tensor(parameter.name()));
            known.add(parameter.name());
        }
        String layers = checkpoint.config().isMultimodal() ? layout.layerNames() : "";
        List<String> unknown = checkpoint.unknownInLayers(known).stream()
                .filter(name -> name.startsWith(layers))
                .toList();
        if (!unknown.isEmpty()) {
            throw unknown(unknown, layout);
        }
        return layout;
    }

    /** A tensor that the layers compute with elsewhere would be left out here, and the result would be wrong in silence. */
    private static EspalierException unknown(List<String> tensors, ModelLayout layout) {
        var number = LAYER_NUMBER.matcher(tensors.get(0));
        boolean beyond =
                number.find() && layerNumber(number.group(1)) >= layout.layers().size();
        String names = tensors.stream().sorted().limit(3).map(Quoted::of).collect(Collectors.joining(", "))
                + (tensors.size() > 3 ? " and %d more".formatted(tensors.size() - 3) : "");
        return beyond
                ? new EspalierException(
                        ErrorCode.MODEL_CORRUPT,
                        "tensors %s: config.json has %d layers, the weights have more; correct num_hidden_layers"
                                .formatted(names, layout.layers().size()))
                : new EspalierException(
                        ErrorCode.MODEL_UNSUPPORTED,
                        "tensors %s: a %s with this config.json has no such tensors; biases are declared there (attention_bias, mlp_bias)"
                                .formatted(names, layout.family()));
    }

    private static long layerNumber(String digits) {
        return digits.length() > 9 ? Long.MAX_VALUE : Long.parseLong(digits);
    }

    /**
     * The layout that a config describes. The shapes of the checkpoint's tensors are not checked.
     *
     * @param stored names of the checkpoint's tensors
     * @throws EspalierException {@code MODEL_UNSUPPORTED} naming the supported families
     */
    public static ModelLayout of(ModelConfig config, Set<String> stored) {
        ModelLayout layout = Family.of(config.modelType()).layout(config, stored);
        return config.outputBiases() ? layout.withOutputBiases() : layout;
    }

    private ModelLayout withOutputBiases() {
        return new ModelLayout(
                family,
                hiddenSize,
                vocabulary,
                embedding,
                layers.stream().map(LayerLayout::withOutputBiases).toList(),
                output);
    }

    /** The beginning of the names of all layers' tensors, up to the number of the layer. */
    public String layerNames() {
        String first = layers.get(0).parameters().get(0).name();
        return first.substring(0, first.indexOf(".0.") + 1);
    }

    /** All tensors that the model computes with. */
    public List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>();
        parameters.addAll(embedding.parameters());
        for (LayerLayout layer : layers) {
            parameters.addAll(layer.parameters());
        }
        parameters.addAll(output.beforeEmbedding());
        parameters.add(output.embedding());
        return parameters;
    }

    private static void check(Parameter expected, TensorInfo stored) {
        if (!stored.shape().equals(expected.shape())) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT,
                    "tensor %s: has shape %s, but config.json asks for %s"
                            .formatted(stored.name(), stored.shape(), expected.shape()));
        }
        if (!stored.dtype().floating()) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "tensor %s: is stored as %s; weights must be F32, F16, BF16 or F64"
                            .formatted(stored.name(), stored.dtype()));
        }
    }
}
