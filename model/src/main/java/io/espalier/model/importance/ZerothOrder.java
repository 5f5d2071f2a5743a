package io.espalier.model.importance;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.pruning.LayerScope;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Linears;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The gradient estimate of MINI-LLM (SPSA): {@code Ĝ = (1/n) Σ c_t z_t} with {@code c_t = (L(θ+εz_t) − L(θ−εz_t)) / 2ε},
 * from forward passes alone. z_t is a pure function of seed, draw and tensor name, so whoever knows the
 * losses can rebuild any matrix of Ĝ. The weights themselves are never changed.
 *
 * @param seed of the job
 * @param epsilon step of the central difference
 * @param distribution of z
 */
public record ZerothOrder(long seed, double epsilon, Distribution distribution) {
    public ZerothOrder {
        if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, "scoring.gradient.epsilon: must be positive, was " + epsilon);
        }
    }

    /** With Gaussian z. */
    public ZerothOrder(long seed, double epsilon) {
        this(seed, epsilon, Distribution.GAUSSIAN);
    }

    /** As the next, in fp32. */
    public List<DrawLosses> losses(
            Checkpoint checkpoint, int[][] windows, int firstDraw, int lastDraw, LayerScope scope, Progress progress) {
        return losses(checkpoint, windows, firstDraw, lastDraw, scope, Computation.EXACT, progress);
    }

    /**
     * Losses of the draws [firstDraw, lastDraw), each over all windows. The two sides of all draws pass through a layer
     * together, so its weights are read once; they part from the dense model at the first layer in scope.
     *
     * @param windows [n][t] token ids, the same for every draw
     * @param scope layers whose linear weights are perturbed
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
        List<LayerStream> streams = new ArrayList<>();
        try (LayerStream dense = LayerStream.embed(checkpoint, layout, windows)) {
            long tokens = 0;
            for (LayerLayout layer : layout.layers()) {
                if (layer.index() == scope.first()) {
                    IntStream.range(firstDraw, lastDraw).forEach(draw -> streams.add(dense.doubled()));
                }
                try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                    if (streams.isEmpty()) {
                        dense.through(new DecoderLayer(layer, weights));
                        tokens += dense.tokens();
                    }
                    for (int i = 0; i < streams.size(); i++) {
                        Linears linears = scope.contains(layer.index()) ? perturbed(weights, firstDraw + i) : weights;
                        streams.get(i).through(new DecoderLayer(layer, weights, linears));
                        tokens += streams.get(i).tokens();
                    }
                }
                progress.advanced("layers", layer.index() + 1L, layout.layers().size(), tokens);
            }
            List<double[][]> losses = new LanguageHead(checkpoint, layout).tokenLosses(streams);
            return IntStream.range(0, streams.size())
                    .mapToObj(i -> sides(firstDraw + i, streams.get(i), losses.get(i)))
                    .toList();
        } finally {
            streams.forEach(LayerStream::close);
        }
    }

    private Linears perturbed(LayerWeights weights, int draw) {
        return (linear, x, target) -> {
            Tensor y = distribution.apply(x, weights.get(linear.weight()), seedOf(draw, linear), epsilon, target);
            Parameter bias = linear.bias();
            return bias == null ? y : new Kernels(target).add(y, weights.get(bias));
        };
    }

    /** In each chunk the first half of the windows is the plus side, the second the minus side. */
    private static DrawLosses sides(int draw, LayerStream stream, double[][] losses) {
        double plus = 0;
        double minus = 0;
        int window = 0;
        for (int[][] chunk : stream.windows()) {
            for (int i = 0; i < chunk.length; i++) {
                double loss = Arrays.stream(losses[window++]).average().orElseThrow();
                if (i < chunk.length / 2) {
                    plus += loss;
                } else {
                    minus += loss;
                }
            }
        }
        return new DrawLosses(draw, plus / (window / 2), minus / (window / 2));
    }

    /**
     * The estimate from the draws of all tasks.
     *
     * @param losses in draw order, which decides the last bits
     */
    public GradientSource gradient(List<DrawLosses> losses) {
        if (losses.isEmpty()) {
            throw new EspalierException(ErrorCode.INVALID_ARGUMENT, "scoring.gradient.draws: at least one is needed");
        }
        return (linear, scope) -> {
            try (Scope scratch = Scope.open()) {
                Tensor sum = new Kernels(scratch).zeros64(linear.outputs(), linear.inputs());
                distribution.accumulate(
                        sum,
                        losses.stream()
                                .mapToLong(draw -> seedOf(draw.draw(), linear))
                                .toArray(),
                        losses.stream()
                                .mapToDouble(draw -> draw.slope(epsilon) / losses.size())
                                .toArray(),
                        new ImportanceKernels(scratch));
                return new Kernels(scope).toFloat(sum);
            }
        };
    }

    private long seedOf(int draw, Linear linear) {
        return Seeds.of(seed, "zeroth-order/" + draw + "/" + linear.weight().name());
    }

    /** The control that knows nothing of the loss: Ĝ ~ N(0, 1). */
    static GradientSource noise(long seed) {
        return (linear, scope) -> {
            try (Scope scratch = Scope.open()) {
                Tensor sum = new Kernels(scratch).zeros64(linear.outputs(), linear.inputs());
                new ImportanceKernels(scratch)
                        .accumulateGaussian(
                                sum, Seeds.of(seed, "noise/" + linear.weight().name()), 1);
                return new Kernels(scope).toFloat(sum);
            }
        };
    }
}
