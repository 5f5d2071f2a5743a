package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A whole model as data: the names, shapes and roles of its tensors, layer by layer.
 *
 * @param hiddenSize d, the width of the residual stream
 * @param vocabulary number of token ids
 * @param head output embedding [vocabulary, d]; it is the token embedding if the two are tied
 * @param logitCap logits are capped to (−cap, cap) by tanh; 0 means no cap
 */
public record ModelLayout(
        String family,
        int hiddenSize,
        int vocabulary,
        Embedding embedding,
        List<LayerLayout> layers,
        Norm finalNorm,
        Parameter head,
        double logitCap) {
    public ModelLayout {
        layers = List.copyOf(layers);
    }

    /**
     * Finds the family of a checkpoint and compares the shape of every tensor with the config, so that no later
     * computation fails because of a shape.
     *
     * @throws EspalierException {@code MODEL_UNSUPPORTED} naming the supported families or storage types; {@code
     *     MODEL_CORRUPT} naming a tensor that is missing or has another shape than the config says
     */
    public static ModelLayout of(Checkpoint checkpoint) {
        ModelLayout layout = of(checkpoint.config(), checkpoint.tensors().keySet());
        for (Parameter parameter : layout.parameters()) {
            check(parameter, checkpoint.tensor(parameter.name()));
        }
        return layout;
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
                finalNorm,
                head,
                logitCap);
    }

    /** All tensors that the model computes with. */
    public List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>();
        parameters.addAll(embedding.parameters());
        for (LayerLayout layer : layers) {
            parameters.addAll(layer.parameters());
        }
        parameters.addAll(finalNorm.parameters());
        parameters.add(head);
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
