package io.espalier.model.pruning;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.evaluation.ModelSize;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tensors of a checkpoint when its layers have other shapes, down to the last bias. */
public final class PrunedTensors {
    private final Checkpoint checkpoint;
    private final ModelConfig model;

    public PrunedTensors(Checkpoint checkpoint, Compensation compensation) {
        this.checkpoint = checkpoint;
        this.model = compensation.addsBiases() ? checkpoint.config().withOutputBiases() : checkpoint.config();
    }

    /** The source's config, with the biases that compensation adds. */
    ModelConfig model() {
        return model;
    }

    /** @param shapes one per layer */
    ModelLayout layout(List<LayerShape> shapes) {
        return ModelLayout.of(model.resized(shapes), checkpoint.tensors().keySet());
    }

    /**
     * Every tensor: those of the source in its order, then the biases it did not have.
     *
     * @param shapes one per layer
     */
    public List<TensorInfo> of(List<LayerShape> shapes) {
        Map<String, TensorInfo> tensors = new LinkedHashMap<>(checkpoint.tensors());
        for (LayerLayout layer : layout(shapes).layers()) {
            for (Linear linear : layer.linears()) {
                DType dtype = checkpoint.tensor(linear.weight().name()).dtype();
                put(tensors, linear.weight(), dtype);
                Parameter bias = linear.bias();
                if (bias != null) {
                    put(
                            tensors,
                            bias,
                            checkpoint.has(bias.name())
                                    ? checkpoint.tensor(bias.name()).dtype()
                                    : dtype);
                }
            }
        }
        return List.copyOf(tensors.values());
    }

    private static void put(Map<String, TensorInfo> tensors, Parameter parameter, DType dtype) {
        tensors.put(parameter.name(), new TensorInfo(parameter.name(), dtype, parameter.shape()));
    }

    /** Numbers that were learned, in the whole model. */
    public long parameters(List<LayerShape> shapes) {
        return parameters(of(shapes));
    }

    /** Of the checkpoint as it is. */
    public long parameters() {
        return parameters(checkpoint.tensors().values());
    }

    private long parameters(Collection<TensorInfo> tensors) {
        return ModelSize.of(checkpoint.config(), tensors, 1).parameters();
    }

    /** Bytes of all tensors. */
    public long bytes(List<LayerShape> shapes) {
        return bytes(of(shapes));
    }

    /** Of the checkpoint as it is. */
    public long bytes() {
        return bytes(checkpoint.tensors().values());
    }

    private static long bytes(Collection<TensorInfo> tensors) {
        return tensors.stream().mapToLong(TensorInfo::bytes).sum();
    }
}
