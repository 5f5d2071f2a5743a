package io.espalier.model.recovery;

import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Parameter;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A file with all weights of one decoder layer, in fp32. */
record LayerFile(LayerLayout layer, Path file) {
    /** @param weights gives the values of a parameter, in a scope */
    void write(BiFunction<Parameter, Scope, Tensor> weights) {
        Map<String, Parameter> byName =
                layer.parameters().stream().collect(Collectors.toMap(Parameter::name, Function.identity()));
        tensors().write(Map.of("format", "pt"), (name, scope) -> weights.apply(byName.get(name), scope));
    }

    /** All weights. The caller closes them. */
    LayerWeights read() {
        return LayerWeights.of(layer.parameters(), this::read);
    }

    Tensor read(Parameter parameter, Scope scope) {
        return tensors().read(parameter.name(), scope);
    }

    private TensorFile tensors() {
        return new TensorFile(
                file,
                layer.parameters().stream()
                        .map(parameter -> TensorFile.info(parameter.name(), parameter.shape()))
                        .toList());
    }
}
