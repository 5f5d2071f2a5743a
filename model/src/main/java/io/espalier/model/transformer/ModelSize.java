package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import java.util.Collection;
import java.util.List;

/**
 * The size of a model.
 *
 * @param parameters number of parameters; a tied output embedding is counted once
 * @param macs multiply-accumulate operations of one forward pass over a sequence
 */
public record ModelSize(long parameters, long macs) {
    private static final String OUTPUT_EMBEDDING = "lm_head.weight";

    /** @param tokens length of the sequence for which MACs are counted */
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
            boolean output = tensor.name().endsWith(OUTPUT_EMBEDDING);
            parameters += output && tied ? 0 : tensor.elements();
            // An embedding lookup does not multiply. Norms and biases are too small to count.
            if (!output && tensor.shape().size() == 2 && !tensor.name().contains("embed")) {
                perToken += tensor.elements();
            }
        }
        long outputEmbedding = (long) hiddenSize * vocabSize;
        return new ModelSize(parameters, tokens * (perToken + outputEmbedding) + attentionProducts(layers, tokens));
    }

    /** The MACs of queries times keys and of attention weights times values, {@code 2·T²·h·D} with masked positions. */
    private static long attentionProducts(List<LayerShape> layers, int tokens) {
        return layers.stream()
                .mapToLong(layer -> 2L * tokens * tokens * layer.heads() * layer.headDim())
                .sum();
    }
}
