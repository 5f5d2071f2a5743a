package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import java.util.Collection;
import java.util.List;

/**
 * Size of a model.
 *
 * @param parameters numbers that were learned; a tied output projection counts once
 * @param macs multiply-accumulates of one forward pass over the tokens it was asked for
 */
public record ModelSize(long parameters, long macs) {
    private static final String OUTPUT_PROJECTION = "lm_head.weight";

    /** @param tokens length of the one sequence that MACs are counted for */
    public static ModelSize of(ModelConfig config, Collection<TensorInfo> tensors, int tokens) {
        return of(config.hiddenSize(), config.vocabSize(), config.tied(), config.layers(), tensors, tokens);
    }

    static ModelSize of(
            int hiddenSize,
            int vocabSize,
            boolean tied,
            List<LayerShape> layers,
            Collection<TensorInfo> tensors,
            int tokens) {
        long parameters = 0;
        long perToken = 0;
        for (TensorInfo tensor : tensors) {
            boolean output = tensor.name().endsWith(OUTPUT_PROJECTION);
            parameters += output && tied ? 0 : tensor.elements();
            // A lookup multiplies nothing; neither, to this precision, do norms and biases.
            if (!output && tensor.shape().size() == 2 && !tensor.name().contains("embed")) {
                perToken += tensor.elements();
            }
        }
        long outputProjection = (long) hiddenSize * vocabSize;
        return new ModelSize(parameters, tokens * (perToken + outputProjection) + attentionProducts(layers, tokens));
    }

    /** Queries by keys and weights by values: {@code 2·T²·h·D}, masked positions included. */
    private static long attentionProducts(List<LayerShape> layers, int tokens) {
        return layers.stream()
                .mapToLong(layer -> 2L * tokens * tokens * layer.heads() * layer.headDim())
                .sum();
    }
}
