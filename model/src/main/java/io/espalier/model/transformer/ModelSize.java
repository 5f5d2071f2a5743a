package io.espalier.model.transformer;

import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The size of a model.
 *
 * @param parameters number of parameters, in a multimodal model of all its parts; a tied output embedding is counted once
 * @param macs multiply-accumulate operations of one forward pass of the language model over a sequence
 */
public record ModelSize(long parameters, long macs) {
    /** @param tokens length of the sequence for which MACs are counted */
    public static ModelSize of(ModelConfig config, Collection<TensorInfo> tensors, int tokens) {
        Set<String> names = tensors.stream().map(TensorInfo::name).collect(Collectors.toSet());
        return of(ModelLayout.of(config, names), config.tied(), tensors, tokens);
    }

    static ModelSize of(ModelLayout layout, boolean tied, Collection<TensorInfo> tensors, int tokens) {
        Parameter input = layout.embedding().tokens();
        Parameter output = layout.output().embedding();
        Set<String> multiplied = layout.parameters().stream()
                .filter(parameter -> parameter.axes().size() == 2)
                .map(Parameter::name)
                .filter(name -> !layout.embedding().isTable(name) && !name.equals(output.name()))
                .collect(Collectors.toSet());
        boolean twice = tied && !input.name().equals(output.name());
        long parameters = 0;
        // An embedding lookup does not multiply. Norms and biases are too small to count.
        long perToken = output.elements();
        for (TensorInfo tensor : tensors) {
            parameters += twice && tensor.name().equals(output.name()) ? 0 : tensor.elements();
            perToken += multiplied.contains(tensor.name()) ? tensor.elements() : 0;
        }
        return new ModelSize(parameters, tokens * perToken + attentionProducts(layout.layers(), tokens));
    }

    /** The MACs of queries times keys and of attention weights times values, {@code 2·T²·h·D} with masked positions. */
    private static long attentionProducts(List<LayerLayout> layers, int tokens) {
        return layers.stream()
                .map(LayerLayout::shape)
                .mapToLong(layer -> 2L * tokens * tokens * layer.heads() * layer.headDim())
                .sum();
    }
}
