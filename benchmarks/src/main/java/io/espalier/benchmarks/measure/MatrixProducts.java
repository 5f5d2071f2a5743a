package io.espalier.benchmarks.measure;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How fast this machine multiplies the matrices of a model, in the type the forward multiplies them in. */
final class MatrixProducts {
    /** In a row; the rate over all of them counts, since the fastest of many short ones is the luckiest. */
    private static final int TRIES = 8;

    private MatrixProducts() {}

    /**
     * FLOP/s of the linear layer of the first decoder layer that is the fastest, with all rows of the forward at once.
     */
    static double best(ForwardPass pass) {
        LayerLayout layer = ModelLayout.of(pass.checkpoint()).layers().get(0);
        try (LayerWeights weights =
                LayerWeights.use(pass.checkpoint(), layer, pass.computation().type())) {
            return layer.linears().stream()
                    .mapToDouble(linear -> rate(weights, linear, pass.windows()))
                    .max()
                    .orElseThrow();
        }
    }

    private static double rate(LayerWeights weights, Linear linear, int[][] windows) {
        try (Scope scope = Scope.open()) {
            Tensor x = normal(scope, windows.length, windows[0].length, linear.inputs());
            Runnable product = () -> weights.apply(linear, x, scope).close();
            product.run();
            double seconds = Alternation.seconds(() -> {
                for (int i = 0; i < TRIES; i++) {
                    product.run();
                }
            });
            return 2.0 * TRIES * windows.length * windows[0].length * linear.weights() / seconds;
        }
    }

    /** The products of every layer, each with its own weights and as many rows at a time as the forward takes. */
    record Layers(ForwardPass pass, List<int[][]> chunks) {
        static Layers of(ForwardPass pass) {
            try (LayerStream stream = LayerStream.embed(
                    pass.checkpoint(),
                    ModelLayout.of(pass.checkpoint()),
                    pass.windows(),
                    pass.computation().budget())) {
                return new Layers(pass, stream.windows());
            }
        }

        void run() {
            List<LayerLayout> layers = ModelLayout.of(pass.checkpoint()).layers();
            try (Scope scope = Scope.open()) {
                Map<List<Integer>, Tensor> inputs = new HashMap<>();
                WeightStream.forEach(pass.checkpoint(), layers, pass.computation(), (layer, weights) -> {
                    for (int[][] chunk : chunks) {
                        for (Linear linear : layer.linears()) {
                            Tensor x = inputs.computeIfAbsent(
                                    List.of(chunk.length, linear.inputs()),
                                    size -> typed(chunk, linear.inputs(), scope));
                            try (Scope result = Scope.open()) {
                                weights.apply(linear, x, result);
                            }
                        }
                    }
                });
            }
        }

        /** In the weights' type, which no product has to convert. */
        private Tensor typed(int[][] chunk, int features, Scope scope) {
            Kernels kernels = new Kernels(scope);
            try (Tensor wide = normal(scope, chunk.length, chunk[0].length, features);
                    Tensor flat =
                            kernels.reserve(wide.elements(), pass.computation().type())) {
                Tensor typed = kernels.reshape(flat, chunk.length, chunk[0].length, features);
                kernels.replace(typed, wide);
                return typed;
            }
        }

        double flops() {
            long tokens = (long) pass.windows().length * pass.windows()[0].length;
            return ModelLayout.of(pass.checkpoint()).layers().stream()
                    .flatMap(layer -> layer.linears().stream())
                    .mapToDouble(linear -> 2.0 * tokens * linear.inputs() * linear.outputs())
                    .sum();
        }
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
