package io.espalier.model.transformer;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Allocator;
import io.espalier.model.tensor.Arena;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Recording;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/**
 * The weights of one decoder layer, or of another small part of a model, as tensors. They are freed when this is closed.
 */
public final class LayerWeights implements Linears, AutoCloseable {
    private final Scope scope = Scope.open();
    private final Map<String, Tensor> tensors = new HashMap<>();

    private LayerWeights() {}

    /**
     * Reads the weights of a layer as fp32.
     *
     * @throws io.espalier.base.EspalierException {@code MODEL_CORRUPT} naming a tensor with NaN or infinite weights
     */
    public static LayerWeights read(Checkpoint checkpoint, LayerLayout layer) {
        return read(checkpoint, layer, ComputeType.FP32);
    }

    /**
     * Reads the weights of a layer.
     *
     * @throws io.espalier.base.EspalierException as
     *     {@link StoredWeights#read(Checkpoint, String, ComputeType, Allocator, Scope)}
     */
    public static LayerWeights read(Checkpoint checkpoint, LayerLayout layer, ComputeType type) {
        return read(checkpoint, layer.parameters(), type);
    }

    static LayerWeights read(Checkpoint checkpoint, List<Parameter> parameters, ComputeType type) {
        return read(checkpoint, parameters, type, Allocator.FRESH);
    }

    static LayerWeights read(Checkpoint checkpoint, List<Parameter> parameters, ComputeType type, Allocator memory) {
        return of(
                parameters,
                (parameter, owner) -> StoredWeights.read(checkpoint, parameter.name(), type, memory, owner));
    }

    /** An arena that is large enough for each of several groups of parameters, one group at a time. */
    static Arena arena(Stream<List<Parameter>> groups) {
        return new Arena(groups.mapToLong(parameters -> parameters.stream()
                        .mapToLong(parameter -> Arena.aligned(parameter.elements()))
                        .sum())
                .max()
                .orElse(0));
    }

    /** No weights, for a caller that does not compute with the layer. */
    public static LayerWeights none() {
        return new LayerWeights();
    }

    /** The same tensors, without copies. What replaces or frees them there leaves these weights as they are. */
    public LayerWeights shared() {
        LayerWeights shared = new LayerWeights();
        Kernels kernels = new Kernels(shared.scope);
        tensors.forEach((name, tensor) -> shared.tensors.put(name, kernels.alias(tensor)));
        return shared;
    }

    /**
     * Reads the weights of one half of a layer for computations in a {@link Recording}.
     *
     * @param arena holds the weights and is cleared before; made by {@link #arenaForHalf}
     */
    public static LayerWeights readRecordable(
            Checkpoint checkpoint, LayerLayout layer, LayerHalf half, ComputeType type, Arena arena) {
        arena.clear();
        try (Recording recording = Recording.open()) {
            return read(checkpoint, layer.parameters(half), type, arena);
        }
    }

    /**
     * Reads the weights of a whole layer, as fp32, for computations in a {@link Recording}.
     *
     * @param arena holds the weights and is cleared before; made by {@link #arenaForLayer}
     */
    public static LayerWeights readRecordable(Checkpoint checkpoint, LayerLayout layer, Arena arena) {
        arena.clear();
        try (Recording recording = Recording.open()) {
            return read(checkpoint, layer.parameters(), ComputeType.FP32, arena);
        }
    }

    /** An arena that is large enough for any of these layers. */
    public static Arena arenaForLayer(List<LayerLayout> layers) {
        return arena(layers.stream().map(LayerLayout::parameters));
    }

    /** An arena that is large enough for one half of any of these layers. */
    public static Arena arenaForHalf(List<LayerLayout> layers) {
        return arena(layers.stream()
                .flatMap(layer -> Arrays.stream(LayerHalf.values()).map(layer::parameters)));
    }

    /**
     * Weights that do not come from a checkpoint.
     *
     * @param read gives the tensor of a parameter, in a scope
     */
    public static LayerWeights of(List<Parameter> parameters, BiFunction<Parameter, Scope, Tensor> read) {
        LayerWeights weights = new LayerWeights();
        try {
            for (Parameter parameter : parameters) {
                weights.put(parameter, read.apply(parameter, weights.scope));
            }
            return weights;
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    /** @throws IllegalStateException when the tensor was not read */
    public Tensor get(Parameter parameter) {
        Tensor tensor = tensors.get(parameter.name());
        if (tensor == null) {
            throw new IllegalStateException("tensor " + parameter.name() + " was not read");
        }
        return tensor;
    }

    /** Replaces the tensor of a parameter and frees the old one. The new tensor then belongs to these weights. */
    public void put(Parameter parameter, Tensor tensor) {
        Tensor before = tensors.put(parameter.name(), tensor.keepIn(scope));
        if (before != null) {
            before.close();
        }
    }

    /** Frees tensors before this is closed. */
    public void drop(List<Parameter> parameters) {
        for (Parameter parameter : parameters) {
            Tensor dropped = tensors.remove(parameter.name());
            if (dropped != null) {
                dropped.close();
            }
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
