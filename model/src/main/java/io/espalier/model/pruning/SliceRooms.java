package io.espalier.model.pruning;

import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Parameter;
import java.util.List;

/**
 * Memory for what is cut, in two pieces: while one is written the next tensor is cut into the other. Fresh memory would
 * cost as much as the cut.
 */
final class SliceRooms implements AutoCloseable {
    private final Scope scope = Scope.open();
    private final List<Tensor> rooms;
    private int taken;

    /** @param layers whose tensors fit in, as they are stored */
    SliceRooms(List<LayerLayout> layers) {
        long elements = layers.stream()
                .flatMap(layer -> layer.parameters().stream())
                .filter(Parameter::removable)
                .mapToLong(parameter -> parameter.shape().stream().reduce(1L, (all, length) -> all * length))
                .max()
                .orElse(0);
        Kernels kernels = new Kernels(scope);
        // No stored element is wider. What is not touched takes no memory.
        rooms = List.of(kernels.reserve(elements, ComputeType.FP32), kernels.reserve(elements, ComputeType.FP32));
    }

    /** The piece that was not taken last. */
    Tensor next() {
        taken++;
        return rooms.get(taken % rooms.size());
    }

    @Override
    public void close() {
        scope.close();
    }
}
