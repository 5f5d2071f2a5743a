package io.espalier.benchmarks.measure;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Parallel;
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
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.IntConsumer;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Measures how fast this machine multiplies the matrices of a model, in the type of the forward pass. */
final class MatrixProducts {
    /** How often all rows are multiplied. The rate over all repetitions counts, not the fastest, which may be luck. */
    private static final int TRIES = 8;

    private MatrixProducts() {}

    /**
     * The FLOP/s of the fastest linear layer of the first decoder layer, with an input in the type of its weight. It
     * tries all rows of the forward pass at once, and chunks as the forward pass has them, one after the other or side
     * by side.
     */
    static double best(ForwardPass pass) {
        int[][] all = pass.windows();
        int[][] chunk = Layers.of(pass).chunks().get(0);
        int chunks = TRIES * all.length / chunk.length;
        LayerLayout layer = ModelLayout.of(pass.checkpoint()).layers().get(0);
        try (LayerWeights weights =
                LayerWeights.read(pass.checkpoint(), layer, pass.computation().type())) {
            return layer.linears().stream()
                    .flatMapToDouble(linear -> DoubleStream.of(
                            rate(pass, weights, linear, all, TRIES, MatrixProducts::inTurn),
                            rate(pass, weights, linear, chunk, chunks, MatrixProducts::inTurn),
                            rate(pass, weights, linear, chunk, chunks, Parallel::each)))
                    .max()
                    .orElseThrow();
        }
    }

    private interface Order extends BiConsumer<Integer, IntConsumer> {}

    private static void inTurn(int count, IntConsumer work) {
        IntStream.range(0, count).forEach(work);
    }

    private static double rate(
            ForwardPass pass, LayerWeights weights, Linear linear, int[][] windows, int times, Order order) {
        try (Scope scope = Scope.open()) {
            Tensor x = typed(pass, windows, linear.inputs(), scope);
            IntConsumer product = i -> {
                try (Scope result = Scope.open()) {
                    weights.apply(linear, x, result);
                }
            };
            order.accept(Parallel.WAYS, product);
            double seconds = Alternation.seconds(() -> order.accept(times, product));
            return 2.0 * times * windows.length * windows[0].length * linear.weights() / seconds;
        }
    }

    /** The products of every layer with its own weights, in chunks side by side as the forward pass computes them. */
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
                for (int[][] chunk : chunks) {
                    for (Linear linear : layers.get(0).linears()) {
                        inputs.computeIfAbsent(
                                List.of(chunk.length, linear.inputs()),
                                size -> typed(pass, chunk, linear.inputs(), scope));
                    }
                }
                WeightStream.forEach(
                        pass.checkpoint(),
                        layers,
                        pass.computation(),
                        (layer, weights) -> Parallel.each(chunks.size(), i -> {
                            for (Linear linear : layer.linears()) {
                                Tensor x = Objects.requireNonNull(
                                        inputs.get(List.of(chunks.get(i).length, linear.inputs())));
                                try (Scope result = Scope.open()) {
                                    weights.apply(linear, x, result);
                                }
                            }
                        }));
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

    /** An input in the type of the weights, which no product has to convert. */
    private static Tensor typed(ForwardPass pass, int[][] windows, int features, Scope scope) {
        Kernels kernels = new Kernels(scope);
        try (Tensor wide = normal(scope, windows.length, windows[0].length, features);
                Tensor flat =
                        kernels.reserve(wide.elements(), pass.computation().type())) {
            Tensor typed = kernels.reshape(flat, windows.length, windows[0].length, features);
            kernels.replace(typed, wide);
            return typed;
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
