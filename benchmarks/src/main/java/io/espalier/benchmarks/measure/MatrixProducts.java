package io.espalier.benchmarks.measure;

import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;

/** How fast this machine multiplies the matrices of a model, in the type the forward multiplies them in. */
final class MatrixProducts {
    private static final int TRIES = 8;

    private MatrixProducts() {}

    /** Most FLOP/s any linear layer of the first decoder layer reaches with all rows of the forward at once. */
    static double best(ForwardPass pass) {
        LayerLayout layer = ModelLayout.of(pass.checkpoint()).layers().get(0);
        int[][] windows = pass.windows();
        double best = 0;
        try (LayerWeights weights =
                LayerWeights.use(pass.checkpoint(), layer, pass.computation().type())) {
            for (Linear linear : layer.linears()) {
                try (Scope scope = Scope.open()) {
                    Tensor x = normal(scope, windows.length, windows[0].length, linear.inputs());
                    double flops = 2.0 * windows.length * windows[0].length * linear.inputs() * linear.outputs();
                    for (int i = 0; i < TRIES; i++) {
                        double seconds = Alternation.seconds(
                                () -> weights.apply(linear, x, scope).close());
                        best = Math.max(best, flops / seconds);
                    }
                }
            }
        }
        return best;
    }

    private static Tensor normal(Scope scope, int windows, int length, int features) {
        java.util.Random random = new java.util.Random(1);
        float[] values = new float[windows * length * features];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return scope.floats(values, windows, length, features);
    }
}
