package io.espalier.model.transformer;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Tensors of one decoder layer, or of another small part of a model, in memory, in compute type; gone when closed. */
public final class LayerWeights implements Linears, AutoCloseable {
    private final Scope scope = Scope.open();
    private final Map<String, Tensor> tensors = new HashMap<>();

    private LayerWeights() {}

    /** @throws io.espalier.model.EspalierException {@code MODEL_CORRUPT} naming a tensor with NaN or infinite weights */
    public static LayerWeights read(Checkpoint checkpoint, LayerLayout layer) {
        return read(checkpoint, layer.parameters());
    }

    static LayerWeights read(Checkpoint checkpoint, List<Parameter> parameters) {
        LayerWeights weights = new LayerWeights();
        try {
            for (Parameter parameter : parameters) {
                weights.put(parameter, StoredWeights.read(checkpoint, parameter.name(), weights.scope));
            }
            return weights;
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    public Tensor get(Parameter parameter) {
        Tensor tensor = tensors.get(parameter.name());
        if (tensor == null) {
            throw new IllegalStateException("tensor " + parameter.name() + " was not read");
        }
        return tensor;
    }

    /** Puts a tensor in the place of the one of that name, which is freed. */
    public void put(Parameter parameter, Tensor tensor) {
        Tensor before = tensors.put(parameter.name(), tensor.keepIn(scope));
        if (before != null) {
            before.close();
        }
    }

    @Override
    public Tensor apply(Linear linear, Tensor x, Scope target) {
        Kernels kernels = new Kernels(target);
        Parameter bias = linear.bias();
        return bias == null
                ? kernels.linear(x, get(linear.weight()))
                : kernels.linear(x, get(linear.weight()), get(bias));
    }

    @Override
    public void close() {
        scope.close();
    }
}
