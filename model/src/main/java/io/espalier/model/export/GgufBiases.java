package io.espalier.model.export;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Biases that are zero. A LLaMA whose output projections got biases declares them for every linear layer, and those of the others
 * are zero. llama.cpp wants a bias of queries to be as wide as the model, so that a bias that adds nothing must not stand in the way.
 */
final class GgufBiases {
    private GgufBiases() {}

    /** Names of the biases of a checkpoint that are zero. */
    static Set<String> zeros(Checkpoint checkpoint) {
        return biases(ModelLayout.of(checkpoint).layers().stream().flatMap(layer -> layer.linears().stream()))
                .filter(name -> isZero(checkpoint, name))
                .collect(Collectors.toSet());
    }

    /**
     * Names of the biases that a repair adds without a value: all that the other config has more, but those of the output
     * projections.
     */
    static Set<String> addedZeros(ModelConfig dense, ModelConfig repaired) {
        List<LayerLayout> layers = ModelLayout.of(repaired, Set.of()).layers();
        Set<String> zeros = new HashSet<>(biases(layers.stream().flatMap(layer -> layer.linears().stream()))
                .toList());
        biases(layers.stream().flatMap(layer -> layer.outputProjections().stream()))
                .forEach(zeros::remove);
        biases(ModelLayout.of(dense, Set.of()).layers().stream().flatMap(layer -> layer.linears().stream()))
                .forEach(zeros::remove);
        return zeros;
    }

    private static Stream<String> biases(Stream<Linear> linears) {
        return linears.flatMap(linear -> Stream.ofNullable(linear.bias())).map(Parameter::name);
    }

    private static boolean isZero(Checkpoint checkpoint, String name) {
        TensorInfo tensor = checkpoint.tensor(name);
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.bytes()));
        checkpoint.read(name, bytes);
        bytes.flip();
        while (bytes.hasRemaining()) {
            if (bytes.get() != 0) {
                return false;
            }
        }
        return true;
    }
}
