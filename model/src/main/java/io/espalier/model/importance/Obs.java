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
 * Optimal brain surgeon on whole units, greedily (structured as in ZipLM and SlimGPT). It uses the damped Hessian
 * {@code H = XᵀX + λI} of the output projection and of the down projection. A step removes the unit U with the least
 * cost {@code tr(W_U ([H⁻¹]_UU)⁻¹ W_Uᵀ)} and updates the remaining columns of W to compensate. Steps follow until no
 * unit is left. FFN channels are removed several per step. A unit's score is the total cost up to and including its
 * removal, so units removed later score higher and one order serves every sparsity. The updated weights are discarded.
 */
record Obs() implements Criterion {
    /** The share of the FFN channels that is removed in one step. */
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

    /** The number of FFN channels that are removed in one step, at least one. */
    static int channelsRemoved(int channels) {
        return (int) Math.max(1, Math.round(CHANNELS_REMOVED * channels));
    }

    /**
     * The bytes that scoring one linear layer needs in addition to its fp32 Hessian. The fp64 inverse overwrites the
     * Hessian and needs as many bytes again. The weights are copied in fp64. The rows of the inverse that are removed
     * in one step are held twice.
     */
    static long bytes(LayerLayout layer, Linear linear) {
        LayerShape shape = layer.shape();
        long rows = Math.max(shape.headsPerUnit() * shape.headDim(), channelsRemoved(shape.ffnChannels()));
        return Footprint.gram(linear.inputs()) + Double.BYTES * (linear.weights() + 2 * rows * linear.inputs());
    }

    /**
     * The result for one kind of unit.
     *
     * @param damping the ridge that was used, as a multiple of the first one, see {@link Damping#raised}
     */
    private record Order(double[] scores, double damping) {}

    private static Order removal(Linear linear, int units, int unitsPerStep, LayerEvidence evidence) {
        GramSystem gram = evidence.hessian(linear);
        try (Scope scope = Scope.open()) {
            if (!new Kernels(scope).allFinite(gram.sums())) {
                throw new EspalierException(
                        ErrorCode.INTERNAL,
                        "score: the Hessian of %s is not finite, so neither are its inputs".formatted(linear.module()));
            }
            // Closing it here frees its memory before the next linear layer is solved.
            try (Tensor system = gram.solvable()) {
                ImportanceKernels kernels = new ImportanceKernels(scope);
                Optional<Damping> inverse = Damping.raise(system, ridge -> kernels.dampedInverse(system, ridge));
                if (inverse.isEmpty()) {
                    // All inputs of this linear layer were zero, so removing any unit costs nothing.
                    return new Order(new double[units], 1);
                }
                Tensor weight = kernels.toDouble(evidence.weight(linear));
                Removal removal = new Removal(kernels, weight, inverse.get().solved(), units);
                return new Order(removal.scores(unitsPerStep), inverse.get().raised());
            }
        }
    }

    /**
     * Removes units from a linear layer. A unit is a block of adjacent columns.
     *
     * @param weight W, fp64 [out, in]; changed in place
     * @param inverse H⁻¹, fp64 [in, in]; changed in place
     */
    private record Removal(ImportanceKernels kernels, Tensor weight, Tensor inverse, int units) {
        /** The total cost of all removals up to and including each unit's: [units]. */
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

        /**
         * Divides the common cost of units that are removed in one step. Each unit's share is proportional to its cost
         * alone, so the cheaper unit still has the lower score.
         */
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
