package io.espalier.model.importance;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Damping;
import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Optimal brain surgeon on whole units, greedily (structured as in ZipLM and SlimGPT): with {@code H = XᵀX + λI} of the
 * attention output and of the FFN's down projection, the unit U of the least cost {@code tr(W_U ([H⁻¹]_UU)⁻¹ W_Uᵀ)} goes,
 * the others make up for it, and so on until none is left. A unit's score is the running cost when it went, so that the
 * order serves every budget. The changed weights are not kept.
 */
record Obs() implements Criterion {
    /** Share of the FFN channels that are removed together. */
    private static final double CHANNELS_REMOVED = 0.04;

    @Override
    public String name() {
        return "obs";
    }

    @Override
    public boolean needsHessians() {
        return true;
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        return scored(evidence).of(this);
    }

    @Override
    public LayerScores scored(LayerEvidence evidence) {
        LayerLayout layout = evidence.layout();
        int channels = layout.shape().ffnChannels();
        Order attention = removal(layout.attention().output(), layout.shape().attentionUnits(), 1, evidence);
        Order ffn = removal(layout.feedForward().down(), channels, channelsRemoved(channels), evidence);
        return new LayerScores(
                Map.of(name(), new UnitScores(attention.scores, ffn.scores)),
                OptionalDouble.of(Math.max(attention.damping, ffn.damping)));
    }

    /** Of so many channels, how many are removed together: at least one. */
    static int channelsRemoved(int channels) {
        return (int) Math.max(1, Math.round(CHANNELS_REMOVED * channels));
    }

    /**
     * Bytes that scoring one linear layer holds beside its Hessian: the inverse, fp64, takes the Hessian's place and as much
     * again; the weights, fp64; and twice the rows of the inverse that are removed together.
     */
    static long bytes(LayerLayout layer, Linear linear) {
        LayerShape shape = layer.shape();
        long rows = Math.max(shape.headsPerUnit() * shape.headDim(), channelsRemoved(shape.ffnChannels()));
        return Footprint.gram(linear.inputs()) + Double.BYTES * (linear.weights() + 2 * rows * linear.inputs());
    }

    /** Scores of one kind of units, and the damping that was needed over the one asked for. */
    private record Order(double[] scores, double damping) {}

    private static Order removal(Linear linear, int units, int unitsPerStep, LayerEvidence evidence) {
        GramSystem gram = evidence.hessian(linear);
        try (Scope scope = Scope.open()) {
            if (!new Kernels(scope).allFinite(gram.sums())) {
                throw new EspalierException(
                        ErrorCode.INTERNAL,
                        "score: the Hessian of %s is not finite, so neither are its inputs".formatted(linear.module()));
            }
            // Closed here, so that its memory is free for the next.
            try (Tensor system = gram.solvable()) {
                ImportanceKernels kernels = new ImportanceKernels(scope);
                Optional<Damping> inverse = Damping.raise(system, ridge -> kernels.dampedInverse(system, ridge));
                if (inverse.isEmpty()) {
                    // Nothing ever entered this linear layer, so every unit may go at no cost.
                    return new Order(new double[units], 1);
                }
                Tensor weight = kernels.toDouble(evidence.weight(linear));
                Removal removal = new Removal(kernels, weight, inverse.get().solved(), units);
                return new Order(removal.scores(unitsPerStep), inverse.get().raised());
            }
        }
    }

    /** Takes units, each some columns side by side, out of W and H⁻¹. */
    private record Removal(ImportanceKernels kernels, Tensor weight, Tensor inverse, int units) {
        /** The running cost of each unit when it went. */
        double[] scores(int unitsPerStep) {
            double[] scores = new double[units];
            List<Integer> left = IntStream.range(0, units).boxed().toList();
            double running = 0;
            while (!left.isEmpty()) {
                double[] alone = costs(left);
                List<Integer> cheapestFirst = left.stream()
                        .sorted(Comparator.comparingDouble((Integer unit) -> alone[unit]))
                        .toList();
                List<Integer> gone = cheapestFirst.subList(0, Math.min(unitsPerStep, left.size()));
                Set<Integer> taken = Set.copyOf(gone);
                int[] columns = gone.stream().flatMapToInt(this::columns).toArray();
                double together = kernels.removalCost(weight, inverse, columns);
                kernels.removeColumns(weight, inverse, columns);
                share(gone, alone, running, together, scores);
                running += together;
                left = left.stream().filter(unit -> !taken.contains(unit)).toList();
            }
            return scores;
        }

        /** Units that go together divide their common cost as they would have cost alone, which keeps their order. */
        private static void share(List<Integer> gone, double[] alone, double before, double together, double[] scores) {
            double all = gone.stream().mapToDouble(unit -> alone[unit]).sum();
            double sum = 0;
            for (int unit : gone) {
                sum += alone[unit];
                scores[unit] = before + (all > 0 ? together * sum / all : 0);
            }
        }

        private double[] costs(List<Integer> left) {
            if (width() == 1) {
                return kernels.columnCosts(weight, inverse);
            }
            double[] costs = new double[units];
            Arrays.fill(costs, Double.NaN);
            left.forEach(unit -> costs[unit] =
                    kernels.removalCost(weight, inverse, columns(unit).toArray()));
            return costs;
        }

        private IntStream columns(int unit) {
            return IntStream.range(unit * width(), (unit + 1) * width());
        }

        private int width() {
            return weight.dim(1) / units;
        }
    }
}
