package io.espalier.model.recovery;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.GradientSink;
import io.espalier.model.tensor.Arena;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.RecoveryKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Parameter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A decoder layer whose weights and norms learn, with their gradients and the state of the optimizer, in fp32. */
final class TrainedLayer implements AutoCloseable {
    private final Scope scope = Scope.open();
    private final Checkpoint checkpoint;
    private final LayerLayout layer;
    private final Set<String> masked;
    private final Arena memory;
    private final LayerWeights weights;
    private final Map<String, Trained> trained = new LinkedHashMap<>();
    private final GradientSink sink = new Sums();

    /** Three tensors of the shape of a weight: its gradient, and the means that the optimizer keeps of it. */
    private record Trained(Tensor gradient, Tensor mean, Tensor square) {}

    /** @param masked names of the tensors whose zeros stay, as in {@link LocalDistillation} */
    TrainedLayer(Checkpoint checkpoint, LayerLayout layer, Set<String> masked) {
        this.checkpoint = checkpoint;
        this.layer = layer;
        this.masked = masked;
        this.memory = LayerWeights.arenaForLayer(List.of(layer));
        this.weights = LayerWeights.readRecordable(checkpoint, layer, memory);
        for (Parameter parameter : layer.parameters()) {
            trained.put(parameter.name(), new Trained(zeros(parameter), zeros(parameter), zeros(parameter)));
        }
    }

    private Tensor zeros(Parameter parameter) {
        Kernels kernels = new Kernels(scope);
        long[] shape = parameter.shape().stream().mapToLong(Long::longValue).toArray();
        try (Tensor flat = kernels.reserve(parameter.elements(), ComputeType.FP32)) {
            return kernels.clear(kernels.reshape(flat, shape));
        }
    }

    /**
     * Adds the gradient of weight · ‖f(x) − target‖² to the gradients.
     *
     * @param x input [b, t, d]
     * @param target [b, t, d]
     * @return ‖f(x) − target‖²
     */
    double learn(Tensor x, Tensor target, double weight) {
        try (Scope pass = Scope.open()) {
            RecoveryKernels errors = new RecoveryKernels(pass);
            double[] error = new double[1];
            new RecordedLayer(layer, weights)
                    .back(
                            x,
                            y -> {
                                error[0] = errors.squaredError(y, target);
                                return errors.errorGradient(y, target, weight);
                            },
                            sink,
                            (norm, gradient) -> new Kernels(pass).addInPlace(of(norm).gradient, gradient),
                            pass);
            return error[0];
        }
    }

    private Trained of(Parameter parameter) {
        Trained of = trained.get(parameter.name());
        if (of == null) {
            throw new IllegalArgumentException(parameter.name() + " belongs elsewhere");
        }
        return of;
    }

    /** Adds the gradients of the linear layers. */
    private final class Sums implements GradientSink {
        @Override
        public void add(Linear linear, Tensor input, Tensor upstream) {
            Kernels kernels = new Kernels(scope);
            try (Tensor none = kernels.zeros(0, 0)) {
                kernels.accumulateGradients(of(linear.weight()).gradient, none, upstream, input, 1);
            }
            Parameter bias = linear.bias();
            if (bias != null) {
                new RecoveryKernels(scope).addRowSums(of(bias).gradient, upstream);
            }
        }

        @Override
        public void close() {}
    }

    /**
     * Takes one step of the optimizer and clears the gradients.
     *
     * @param step from 1
     */
    void advance(double rate, int step) {
        Kernels kernels = new Kernels(scope);
        RecoveryKernels optimizer = new RecoveryKernels(scope);
        for (Parameter parameter : layer.parameters()) {
            Trained of = of(parameter);
            if (masked.contains(parameter.name())) {
                optimizer.holdZeros(weights.get(parameter), of.gradient, of.square);
            }
            optimizer.adam(
                    weights.get(parameter), of.gradient, of.mean, of.square, rate, RecoveryKernels.Adam.USUAL, step);
            kernels.clear(of.gradient);
        }
    }

    /**
     * The layer with the weights of now.
     *
     * @param x input [b, t, d]
     * @return output [b, t, d]
     */
    Tensor through(Tensor x, Scope target) {
        return new DecoderLayer(layer, weights).forward(x, target);
    }

    /** Writes the weights of now, rounded to what the checkpoint stores. */
    void write(LayerFile file) {
        file.write((parameter, owner) -> new RecoveryKernels(owner)
                .rounded(
                        weights.get(parameter),
                        checkpoint.tensor(parameter.name()).dtype()));
    }

    @Override
    public void close() {
        weights.close();
        memory.close();
        scope.close();
    }
}
