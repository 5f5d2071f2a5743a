package io.espalier.model.importance;

import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Seeds;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * The gradient estimate of MINI-LLM (SPSA): {@code Ĝ = (1/n) Σ c_t z_t} with {@code c_t = (L(θ+εz_t) − L(θ−εz_t)) / 2ε}
 * over n draws. It needs only forward passes. z_t is a pure function of the seed, the draw and the tensor's name, so
 * any matrix of Ĝ can be rebuilt from the losses. The model's weights are never changed.
 *
 * @param seed the job's seed
 * @param epsilon ε, the step of the central difference; positive
 * @param distribution the distribution of z
 */
public record ZerothOrder(long seed, double epsilon, Distribution distribution) {
    /** The streams of several draws may take the memory budget divided by this number. */
    private static final int HIDDEN_SHARE = 4;

    public ZerothOrder {
        if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
            throw new InvalidSetting(Setting.EPSILON, "must be positive, was " + epsilon);
        }
    }

    /** An estimate with Gaussian z. */
    public ZerothOrder(long seed, double epsilon) {
        this(seed, epsilon, Distribution.GAUSSIAN);
    }

    /** Computes {@link #losses(Checkpoint, int[][], int, int, LayerScope, Computation, Progress)} in fp32. */
    public List<DrawLosses> losses(
            Checkpoint checkpoint, int[][] windows, int firstDraw, int lastDraw, LayerScope scope, Progress progress) {
        return losses(checkpoint, windows, firstDraw, lastDraw, scope, Computation.EXACT, progress);
    }

    /**
     * The losses of the draws [firstDraw, lastDraw), each over all windows. Every draw has two streams of hidden
     * states, one for W + εz and one for W − εz. The streams of as many draws as the memory budget allows go through a
     * layer before the next layer is read. Layers before the scope are the same for all draws and are computed once for
     * these streams.
     *
     * @param windows [n][t] token ids, the same for every draw
     * @param scope layers whose linear layers' weights are perturbed
     * @return one entry per draw, in the order of the draws
     * @throws EspalierException when a loss is not finite, see {@link Computation#requireFinite}
     */
    public List<DrawLosses> losses(
            Checkpoint checkpoint,
            int[][] windows,
            int firstDraw,
            int lastDraw,
            LayerScope scope,
            Computation computation,
            Progress progress) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        int together = together(layout, windows, computation);
        int passes = (lastDraw - firstDraw + together - 1) / together;
        List<DrawLosses> losses = new ArrayList<>();
        Tokens tokens = new Tokens();
        for (int pass = 0; pass < passes; pass++) {
            int first = firstDraw + pass * together;
            int done = pass * layout.layers().size();
            losses.addAll(new Pass(checkpoint, layout, windows, scope, computation)
                    .losses(first, Math.min(lastDraw, first + together), (layer, more) -> {
                        tokens.sum += more;
                        progress.advanced(
                                "layers",
                                done + layer + 1L,
                                (long) passes * layout.layers().size(),
                                tokens.sum);
                    }));
        }
        return losses;
    }

    /**
     * The most bytes that {@link #losses} holds at once with one draw. They include the hidden states of the dense
     * model and of the draw's two streams. At the end, the language head adds a normalised copy of both streams.
     *
     * @param moved number of weights with a perturbed copy in memory, see {@link Distribution#movedTogether}
     */
    public static long bytes(Footprint footprint, int windows, int length, long moved) {
        long hidden = footprint.hidden(windows, length);
        long inLayers = footprint.streamed() + footprint.activations(windows, length);
        return moved * footprint.computation().type().bytes()
                + 3 * hidden
                + Math.max(inLayers, 2 * hidden + footprint.head(windows, length));
    }

    /**
     * The number of draws whose hidden states fit into the budget together with all else that a pass holds; at least 1.
     */
    private int together(ModelLayout layout, int[][] windows, Computation computation) {
        int length = windows[0].length;
        Footprint footprint = new Footprint(layout, computation);
        long sides = 2 * footprint.hidden(windows.length, length);
        long budget = computation.budget().bytes();
        long one = bytes(footprint, windows.length, length, distribution.movedTogether(layout.layers()));
        long more = Math.min(budget / HIDDEN_SHARE - sides, budget - one);
        return (int) (1 + Math.max(0, more) / sides);
    }

    /** One pass over the model's weights for as many draws as fit into memory together. */
    private final class Pass {
        private final Checkpoint checkpoint;
        private final ModelLayout layout;
        private final int[][] windows;
        private final LayerScope scope;
        private final Computation computation;

        Pass(Checkpoint checkpoint, ModelLayout layout, int[][] windows, LayerScope scope, Computation computation) {
            this.checkpoint = checkpoint;
            this.layout = layout;
            this.windows = windows;
            this.scope = scope;
            this.computation = computation;
        }

        /** @param passed receives the index of each layer that is done and the number of tokens that went through it */
        List<DrawLosses> losses(int firstDraw, int lastDraw, BiConsumer<Integer, Long> passed) {
            List<Sides> draws = new ArrayList<>();
            try (Scope shared = Scope.open();
                    LayerStream dense = LayerStream.embed(checkpoint, layout, windows, computation.budget())) {
                // All layers use the same memory, because allocating it costs as much time as the products that use it.
                Tensor arena =
                        new Kernels(shared).reserve(distribution.movedTogether(layout.layers()), computation.type());
                WeightStream.forEach(checkpoint, layout.layers(), computation, (layer, weights) -> {
                    if (layer.index() == scope.first()) {
                        IntStream.range(firstDraw, lastDraw).forEach(draw -> draws.add(Sides.of(draw, dense)));
                    }
                    if (draws.isEmpty()) {
                        dense.through(new DecoderLayer(layer, weights));
                    }
                    draws.forEach(sides -> through(layer, weights, sides, arena));
                    passed.accept(layer.index(), Math.max(1, 2 * draws.size()) * dense.tokens());
                });
                LanguageHead head = new LanguageHead(checkpoint, layout, computation.type());
                return draws.stream().map(sides -> finite(sides.losses(head))).toList();
            } finally {
                draws.forEach(Sides::close);
            }
        }

        private DrawLosses finite(DrawLosses losses) {
            computation.requireFinite("the loss of draw " + losses.draw(), losses.plus() + losses.minus());
            return losses;
        }

        private void through(LayerLayout layer, LayerWeights weights, Sides sides, Tensor arena) {
            if (scope.contains(layer.index())) {
                var moved = new PerturbedLayer(layer, weights, linear -> seedOf(sides.draw, linear), epsilon, arena);
                distribution.through(moved, sides.plus, sides.minus);
            } else {
                DecoderLayer plain = new DecoderLayer(layer, weights);
                sides.plus.through(plain);
                sides.minus.through(plain);
            }
        }
    }

    private static final class Tokens {
        long sum;
    }

    /** The two streams of hidden states of one draw: {@code plus} uses W + εz, {@code minus} uses W − εz. */
    private record Sides(int draw, LayerStream plus, LayerStream minus) implements AutoCloseable {
        static Sides of(int draw, LayerStream dense) {
            return new Sides(draw, dense.fork(), dense.fork());
        }

        DrawLosses losses(LanguageHead head) {
            List<double[][]> losses = head.tokenLosses(List.of(plus, minus));
            return new DrawLosses(draw, mean(losses.get(0)), mean(losses.get(1)));
        }

        private static double mean(double[][] windows) {
            return Arrays.stream(windows)
                    .mapToDouble(window -> Arrays.stream(window).average().orElseThrow())
                    .average()
                    .orElseThrow();
        }

        @Override
        public void close() {
            plus.close();
            minus.close();
        }
    }

    /**
     * The gradient estimate Ĝ from the draws of all tasks.
     *
     * @param losses the losses in the order of the draws; the order affects the rounding of the sum
     * @throws EspalierException {@code INVALID_ARGUMENT} when there are no losses
     */
    public GradientSource gradient(List<DrawLosses> losses) {
        if (losses.isEmpty()) {
            throw new InvalidSetting(Setting.DRAWS, "at least one is needed");
        }
        return (linear, scope) -> distribution.sum(
                linear,
                losses.stream().mapToLong(draw -> seedOf(draw.draw(), linear)).toArray(),
                losses.stream()
                        .mapToDouble(draw -> draw.slope(epsilon) / losses.size())
                        .toArray(),
                scope);
    }

    private long seedOf(int draw, Linear linear) {
        return Seeds.of(seed, "zeroth-order/" + draw + "/" + linear.weight().name());
    }

    /** A control that does not depend on the loss: Ĝ ~ N(0, 1). */
    static GradientSource noise(long seed) {
        return (linear, scope) -> Distribution.GAUSSIAN.sum(
                linear, new long[] {Seeds.of(seed, "noise/" + linear.weight().name())}, new double[] {1}, scope);
    }
}
