package io.espalier.model.search;

import io.espalier.base.Progress;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.GradientSink;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SearchKernels;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The prices of all levels of all components from one backward pass. With labels y drawn from the model's own
 * distribution, g_t the gradient of −Σ log p(y) with respect to a component's output at token t, and Δ_t the change of that
 * output at a level, the price is {@code ½·mean_t (g_t·Δ_t)²}. That is the empirical Fisher information along Δ: the
 * second-order estimate of KL(dense ‖ changed) in nats per token, without the terms between tokens. It is too low where the
 * divergence is large, so it says where to look.
 *
 * @param windows [n][t] token ids
 * @param seed draws the labels
 */
public record PriceEstimate(SearchSpace space, int[][] windows, long seed) {
    /**
     * Runs to the end, or continues where an earlier run with the same settings stopped.
     *
     * @param position folder that only this pass uses
     * @return in the order of the layers, attention before feed-forward; only halves that may lose units
     */
    public List<ComponentPrices> run(Path position, Progress progress) {
        PriceFiles files = new PriceFiles(position);
        new Backprop(
                        space.checkpoint(),
                        windows,
                        space.scope(),
                        false,
                        Computation.exact(space.budget()),
                        OptionalLong.of(seed))
                .run(
                        position,
                        (layer, half, linears) -> new Half(linears.isEmpty() ? null : component(layer, half)),
                        (layer, weights, half) -> half.prices(weights),
                        (layer, attention, feedForward) -> files.write(
                                layer.index(),
                                Stream.of(attention, feedForward)
                                        .flatMap(Optional::stream)
                                        .toList()),
                        progress);
        return files.read(space.scope());
    }

    private @Nullable Component component(LayerLayout layer, LayerHalf half) {
        return space.component(layer, half).orElse(null);
    }

    private double predictions() {
        return (double) windows.length * (windows[0].length - 1);
    }

    /**
     * The inputs of a component's output projection and the gradients with respect to its output, of all tokens. They are
     * held until the last chunk, because the repairs need the sum over all inputs.
     */
    private final class Half implements GradientSink {
        private final Scope scope = Scope.open();
        private final List<Tensor> inputs = new ArrayList<>();
        private final List<Tensor> upstream = new ArrayList<>();
        private final @Nullable Component component;
        private final @Nullable LevelRepairs repairs;

        /** @param component null for a half that stays whole */
        Half(@Nullable Component component) {
            this.component = component;
            this.repairs = component == null ? null : new LevelRepairs(component.columns(), scope);
        }

        @Override
        public void add(Linear linear, Tensor input, Tensor above) {
            if (component != null && repairs != null && linear.equals(component.outputProjection())) {
                inputs.add(repairs.add(input, scope));
                upstream.add(new Kernels(scope).copy(above));
            }
        }

        Optional<ComponentPrices> prices(LayerWeights weights) {
            if (component == null || repairs == null) {
                return Optional.empty();
            }
            int[] kept = component.levels(space);
            Levels levels =
                    repairs.solved(weights.get(component.outputProjection().weight()));
            double[] prices = new double[kept.length];
            for (int level = 1; level < kept.length; level++) {
                prices[level] = price(levels, component.lostColumns(kept[level]));
            }
            return Optional.of(new ComponentPrices(component.layout().index(), component.half(), kept, prices));
        }

        private double price(Levels levels, int lost) {
            try (Scope level = Scope.open();
                    Tensor change = levels.change(lost, level)) {
                double sum = 0;
                for (int chunk = 0; chunk < inputs.size(); chunk++) {
                    sum += new SearchKernels(level).squaredChanges(inputs.get(chunk), upstream.get(chunk), change);
                }
                // The gradients are of the mean loss, the price is of its sum over the predictions.
                return 0.5 * predictions() * sum;
            }
        }

        @Override
        public void close() {
            scope.close();
        }
    }

    /**
     * The most bytes that are held at once over {@code windows} windows of {@code length} tokens: beside the backward pass,
     * which sums no gradients, the inputs and gradients of one component, its Gram matrix and factor in fp64, and twice its
     * output projection.
     */
    public static long bytes(Footprint footprint, int windows, int length) {
        long tokens = (long) windows * length;
        long component = footprint.largest(layer -> Footprint.most(
                layer.outputProjections(),
                linear -> Float.BYTES * tokens * (linear.inputs() + linear.outputs())
                        + 2 * Footprint.gram(linear.inputs())
                        + 2 * Float.BYTES * linear.weights()));
        return Backprop.bytesBeside(component, footprint, windows, length);
    }
}
