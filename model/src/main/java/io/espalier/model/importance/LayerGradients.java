package io.espalier.model.importance;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Exact gradients of the linear weights of half a layer, summed up window by window; gone when closed. */
public final class LayerGradients implements GradientSource, AutoCloseable {
    private final Scope scope = Scope.open();
    private final Map<String, Sums> byModule = new HashMap<>();
    private final List<Linear> linears;
    private final int samples;
    private final boolean squares;

    /** [out, in], [out, in] or empty where nobody needs it, [out] */
    private record Sums(Tensor mean, Tensor squares, double[] outputSquares) {}

    /** @param linears whose gradients are wanted; all others are passed over */
    LayerGradients(List<Linear> linears, int samples, boolean squares) {
        this.linears = List.copyOf(linears);
        this.samples = samples;
        this.squares = squares;
        Kernels kernels = new Kernels(scope);
        for (Linear linear : linears) {
            Tensor mean = kernels.zeros(linear.outputs(), linear.inputs());
            byModule.put(
                    linear.module(),
                    new Sums(
                            mean,
                            squares ? kernels.zeros(linear.outputs(), linear.inputs()) : kernels.zeros(0, 0),
                            new double[linear.outputs()]));
        }
    }

    /** Whose gradients these are, in the order the data flows. */
    public List<Linear> linears() {
        return linears;
    }

    /** @param upstream for each tap the gradient of the mean loss over all samples with respect to its output */
    void add(List<LinearTaps.Tap> taps, List<Tensor> upstream) {
        Kernels kernels = new Kernels(scope);
        for (int i = 0; i < taps.size(); i++) {
            Sums sums = byModule.get(taps.get(i).linear().module());
            if (sums != null) {
                kernels.accumulateGradients(
                        sums.mean, sums.squares, upstream.get(i), taps.get(i).input(), samples);
                if (squares) {
                    double[] moments = kernels.moments(upstream.get(i));
                    int outputs = sums.outputSquares.length;
                    Arrays.setAll(sums.outputSquares, o -> sums.outputSquares[o] + moments[outputs + o]);
                }
            }
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
