package io.espalier.model.pruning;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tensors that a checkpoint has once its layers have smaller shapes, biases that compensation adds included. */
public final class PrunedTensors implements TensorsLeft<List<LayerShape>> {
    private final Checkpoint checkpoint;
    private final ModelConfig model;
    private final ModelLayout layout;

    public PrunedTensors(Checkpoint checkpoint, Compensation compensation) {
        this.checkpoint = checkpoint;
        this.model = compensation.addsBiases() ? checkpoint.config().withOutputBiases() : checkpoint.config();
        this.layout = ModelLayout.of(model, checkpoint.tensors().keySet());
    }

    /** The source's config, with the biases that compensation adds. */
    ModelConfig model() {
        return model;
    }

    /** The source's layout, with the biases that compensation adds. */
    ModelLayout layout() {
        return layout;
    }

    @Override
    public Checkpoint source() {
        return checkpoint;
    }

    /**
     * Every tensor: those of the source in its order, then the biases that compensation adds.
     *
     * @param shapes one per layer
     */
    @Override
    public List<TensorInfo> of(List<LayerShape> shapes) {
        Map<String, TensorInfo> tensors = new LinkedHashMap<>(checkpoint.tensors());
        for (LayerLayout layer : layout.layers()) {
            LayerShape shape = shapes.get(layer.index());
            for (Linear linear : layer.linears()) {
                DType dtype = checkpoint.tensor(linear.weight().name()).dtype();
                put(tensors, linear.weight(), shape, dtype);
                Parameter bias = linear.bias();
                if (bias != null) {
                    put(tensors, bias, shape, dtype);
                }
            }
        }
        return List.copyOf(tensors.values());
    }

    private static void put(Map<String, TensorInfo> tensors, Parameter parameter, LayerShape shape, DType fallback) {
        TensorInfo before = tensors.get(parameter.name());
        tensors.put(
                parameter.name(),
                new TensorInfo(parameter.name(), before == null ? fallback : before.dtype(), parameter.shape(shape)));
    }
}
