package io.espalier.model.importance;

import io.espalier.model.tensor.Allocator;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Exact gradients of the linear layers' weights in one half of a decoder layer. They are summed over the windows, and
 * {@link #close} frees them.
 */
public final class LayerGradients implements GradientSource, GradientSink {
    private final Scope scope = Scope.open();
    private final Map<String, Sums> byModule = new HashMap<>();
    private final List<Linear> linears;
    private final int samples;
    private final boolean squares;

    /**
     * The sums of one linear layer.
     *
     * @param mean gradient of the mean loss, [out, in]
     * @param squares mean of the samples' squared gradients, [out, in]; an empty tensor where it is not wanted
     * @param outputSquares sum over tokens of the squared gradient with respect to each output feature, [out]
     */
    private record Sums(Tensor mean, Tensor squares, double[] outputSquares) {}

    /**
     * @param linears linear layers whose gradients are summed; {@link #add} ignores all others
     * @param samples number of windows in the mean loss
     * @param means memory for the gradients
     * @param squares memory for the squared gradients; null where they are not wanted, and then
     *     {@link #squaredGradient} and {@link #outputNorms} throw {@link IllegalStateException}
     */
    LayerGradients(List<Linear> linears, int samples, Allocator means, @Nullable Allocator squares) {
        this.linears = List.copyOf(linears);
        this.samples = samples;
        this.squares = squares != null;
        for (Linear linear : linears) {
            Tensor squared = squares == null ? new Kernels(scope).zeros(0, 0) : zeros(linear, squares);
            byModule.put(linear.module(), new Sums(zeros(linear, means), squared, new double[linear.outputs()]));
        }
    }

    private Tensor zeros(Linear linear, Allocator memory) {
        Kernels kernels = new Kernels(scope);
        try (Tensor flat = memory.reserve(linear.weights(), ComputeType.FP32, scope)) {
            return kernels.clear(kernels.reshape(flat, linear.outputs(), linear.inputs()));
        }
    }

    /** The linear layers whose gradients are summed, in the order in which the layer applies them. */
    public List<Linear> linears() {
        return linears;
    }

    /** Adds what some samples contribute to the sums. Linear layers whose gradients are not wanted are ignored. */
    @Override
    public void add(Linear linear, Tensor input, Tensor upstream) {
        Sums sums = byModule.get(linear.module());
        if (sums == null) {
            return;
        }
        Kernels kernels = new Kernels(scope);
        kernels.accumulateGradients(sums.mean, sums.squares, upstream, input, samples);
        if (squares) {
            double[] moments = kernels.moments(upstream);
            int outputs = sums.outputSquares.length;
            Arrays.setAll(sums.outputSquares, o -> sums.outputSquares[o] + moments[outputs + o]);
        }
    }

    @Override
    public Tensor gradient(Linear linear, Scope target) {
        return of(linear).mean;
    }

    @Override
    public Tensor squaredGradient(Linear linear, Scope target) {
        requireSquares();
        return of(linear).squares;
    }

    @Override
    public double[] outputNorms(Linear linear) {
        requireSquares();
        return Arrays.stream(of(linear).outputSquares).map(Math::sqrt).toArray();
    }

    private void requireSquares() {
        if (!squares) {
            throw new IllegalStateException("squares were not asked for");
        }
    }

    @Override
    public int samples() {
        return samples;
    }

    private Sums of(Linear linear) {
        Sums sums = byModule.get(linear.module());
        if (sums == null) {
            throw new IllegalArgumentException(linear.module() + " belongs elsewhere");
        }
        return sums;
    }

    @Override
    public void close() {
        scope.close();
    }
}
