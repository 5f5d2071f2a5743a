package io.espalier.model.importance;

import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Parallel;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Linears;
import io.espalier.model.transformer.Parameter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.ToLongFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * One decoder layer whose linear layers use perturbed weights W ± εz in one zeroth-order draw. The layer's own weights
 * are never changed.
 *
 * @param weights the unperturbed weights W
 * @param seeds gives the seed from which a linear layer's z is drawn
 * @param epsilon ε, the size of the perturbation
 * @param arena memory for the perturbed weights of one half of a layer, [n] in the type of the computation; empty where
 *     only {@link #alongFactors} is called
 */
record PerturbedLayer(
        LayerLayout layout, LayerWeights weights, ToLongFunction<Linear> seeds, double epsilon, Tensor arena) {
    /**
     * Advances both streams with perturbed copies of the weights, one half of the layer at a time. z is drawn once for
     * all windows and both signs: after the stream {@code plus} has used W + εz, it is turned into W − εz for the
     * stream {@code minus}.
     *
     * @param table the table that z is drawn from
     */
    void withMovedWeights(LayerStream plus, LayerStream minus, Tensor table) {
        withMovedWeights(layout.linears(LayerHalf.ATTENTION), LayerStream::throughAttention, plus, minus, table);
        withMovedWeights(layout.linears(LayerHalf.FEED_FORWARD), LayerStream::throughFeedForward, plus, minus, table);
    }

    private void withMovedWeights(
            List<Linear> linears,
            BiConsumer<LayerStream, DecoderLayer> half,
            LayerStream plus,
            LayerStream minus,
            Tensor table) {
        try (Scope scope = Scope.open()) {
            ImportanceKernels kernels = new ImportanceKernels(scope);
            Tensor scaled = kernels.scaledTable(table, epsilon, arena);
            Map<String, Tensor> moved = matricesInArena(linears, scope);
            List<Piece> pieces = linears.stream()
                    .flatMap(linear ->
                            Piece.of(weights.get(linear.weight()), of(moved, linear), seeds.applyAsLong(linear)))
                    .toList();
            Parallel.each(pieces.size(), i -> pieces.get(i).move(scaled, kernels));
            DecoderLayer layer = new DecoderLayer(layout, weights, (linear, x, target) -> {
                Tensor weight = of(moved, linear);
                Parameter bias = linear.bias();
                return bias == null
                        ? new Kernels(target).linear(x, weight)
                        : new Kernels(target).linear(x, weight, weights.get(bias));
            });
            half.accept(plus, layer);
            Parallel.each(pieces.size(), i -> pieces.get(i).mirror(kernels));
            half.accept(minus, layer);
        }
    }

    /** One matrix [out, in] per linear layer, under its module name. The matrices are adjacent in the arena. */
    private Map<String, Tensor> matricesInArena(List<Linear> linears, Scope scope) {
        Kernels kernels = new Kernels(scope);
        Map<String, Tensor> moved = new HashMap<>();
        long start = 0;
        for (Linear linear : linears) {
            Tensor flat = kernels.slice(arena, start, linear.weights());
            moved.put(linear.module(), kernels.reshape(flat, linear.outputs(), linear.inputs()));
            start += linear.weights();
        }
        return moved;
    }

    /**
     * A range of a weight's elements that is perturbed in one call. Calls for different ranges run in parallel.
     *
     * @param moved the perturbed copy of the weight
     * @param start index of the first element
     * @param length number of elements
     */
    private record Piece(Tensor weight, Tensor moved, long seed, long start, long length) {
        /**
         * Large enough that the call itself costs little, small enough that parallel calls finish at about the same
         * time.
         */
        private static final long MOST = 1L << 21;

        static Stream<Piece> of(Tensor weight, Tensor moved, long seed) {
            long all = weight.elements();
            return LongStream.iterate(0, start -> start < all, start -> start + MOST)
                    .mapToObj(start -> new Piece(weight, moved, seed, start, Math.min(MOST, all - start)));
        }

        void move(Tensor scaled, ImportanceKernels kernels) {
            kernels.move(moved, weight, scaled, seed, start, length);
        }

        void mirror(ImportanceKernels kernels) {
            kernels.mirror(moved, weight, start, length);
        }
    }

    /**
     * Advances both streams with z = u vᵀ and without a perturbed copy of the weights, because
     * {@code x (W ± εz)ᵀ = x Wᵀ ± ε (x v) uᵀ}.
     *
     * @param table the table that u [out] and v [in] are drawn from
     */
    void alongFactors(LayerStream plus, LayerStream minus, Tensor table) {
        try (Scope scope = Scope.open()) {
            ImportanceKernels kernels = new ImportanceKernels(scope);
            Map<String, Tensor> factors = new HashMap<>();
            for (Linear linear : layout.linears()) {
                int size = linear.outputs() + linear.inputs();
                factors.put(linear.module(), kernels.noise(table, seeds.applyAsLong(linear), size));
            }
            plus.through(new DecoderLayer(layout, weights, shifted(factors, epsilon)));
            minus.through(new DecoderLayer(layout, weights, shifted(factors, -epsilon)));
        }
    }

    private Linears shifted(Map<String, Tensor> factors, double step) {
        return (linear, x, target) -> {
            Tensor y = weights.apply(linear, x, target);
            return new ImportanceKernels(target).shiftAlong(y, x, of(factors, linear), step);
        };
    }

    private static Tensor of(Map<String, Tensor> byModule, Linear linear) {
        return Objects.requireNonNull(byModule.get(linear.module()));
    }
}
