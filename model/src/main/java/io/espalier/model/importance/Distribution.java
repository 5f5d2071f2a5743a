package io.espalier.model.importance;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.Linear;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The distribution of the perturbation z in a zeroth-order draw. The z of every weight has mean 0 and variance 1.
 */
public enum Distribution {
    /**
     * Each z is one of 65,536 equally likely quantiles of the normal distribution, scaled to variance 1. Sixteen random
     * bits pick eight of them at a time. Normal numbers are the usual choice in the literature.
     */
    GAUSSIAN {
        @Override
        Tensor table() {
            return Tables.NORMAL;
        }
    },
    /** Each z is +1 or −1, as in the original SPSA (Spall 1992). Signs need fewer random bits than normal numbers. */
    RADEMACHER {
        @Override
        Tensor table() {
            return Tables.SIGNS;
        }
    },
    /**
     * {@code z = u vᵀ}, where u [out] and v [in] are random signs. No perturbed copy of a weight is needed, because the
     * perturbation can be added to the output of the linear layer. The sum over all draws is a product of two thin
     * matrices.
     */
    RANK_ONE {
        @Override
        Tensor table() {
            return Tables.SIGNS;
        }

        @Override
        public long movedTogether(List<LayerLayout> layers) {
            return 0;
        }

        @Override
        void through(PerturbedLayer layer, LayerStream plus, LayerStream minus) {
            layer.alongFactors(plus, minus, table());
        }

        @Override
        void accumulate(
                Tensor sum, int first, Linear linear, long[] seeds, double[] coefficients, ImportanceKernels kernels) {
            kernels.accumulateRankOne(sum, table(), seeds, coefficients, first, linear.outputs());
        }
    };

    /** The number of rows of a matrix that {@link #sum} sums in fp64 at a time. It is a multiple of 64. */
    static final int ROWS_TOGETHER = 512;

    /** The table in which random bits are looked up. Each entry is a row of eight numbers z. */
    abstract Tensor table();

    /** The tables are made at first use and are never freed. */
    private static final class Tables {
        static final Tensor NORMAL = kernels().normalTable();
        static final Tensor SIGNS = kernels().signTable();

        private static ImportanceKernels kernels() {
            return new ImportanceKernels(Scope.open());
        }
    }

    /** The number of weights of which a perturbed copy is in memory at the same time. */
    public long movedTogether(List<LayerLayout> layers) {
        return layers.stream().mapToLong(LayerLayout::weightsOfHalf).max().orElseThrow();
    }

    /** Advances the stream {@code plus} through the layer with weights W + εz, and {@code minus} with W − εz. */
    void through(PerturbedLayer layer, LayerStream plus, LayerStream minus) {
        layer.withMovedWeights(plus, minus, table());
    }

    /**
     * Rebuilds Σ_t coefficient_t·z_t for the weight of a linear layer. The terms are added in fp64 in the order of the
     * seeds.
     *
     * @param seeds the seed of each z_t
     * @param coefficients one per seed
     * @return fp32 [out, in], in {@code scope}
     */
    final Tensor sum(Linear linear, long[] seeds, double[] coefficients, Scope scope) {
        Kernels kernels = new Kernels(scope);
        int inputs = linear.inputs();
        Tensor flat = kernels.reserve(linear.weights(), ComputeType.FP32);
        for (int first = 0; first < linear.outputs(); first += ROWS_TOGETHER) {
            int rows = Math.min(ROWS_TOGETHER, linear.outputs() - first);
            try (Scope scratch = Scope.open()) {
                Kernels inBlock = new Kernels(scratch);
                Tensor sum = inBlock.zeros64(rows, inputs);
                accumulate(sum, first, linear, seeds, coefficients, new ImportanceKernels(scratch));
                long elements = (long) rows * inputs;
                inBlock.replace(inBlock.slice(flat, (long) first * inputs, elements), inBlock.reshape(sum, elements));
            }
        }
        return kernels.reshape(flat, linear.outputs(), inputs);
    }

    /** The bytes of {@link #sum} for the largest linear layer: the fp32 result and the block of rows summed in fp64. */
    static long sumBytes(Footprint footprint) {
        return footprint.largest(layer -> Footprint.most(
                layer.linears(),
                linear -> Float.BYTES * linear.weights()
                        + (long) Double.BYTES * Math.min(ROWS_TOGETHER, linear.outputs()) * linear.inputs()));
    }

    /**
     * Adds Σ_t coefficient_t·z_t to a block of rows, in place.
     *
     * @param sum the block, fp64 [rows, in]
     * @param first index of the block's first row in the weight
     */
    void accumulate(
            Tensor sum, int first, Linear linear, long[] seeds, double[] coefficients, ImportanceKernels kernels) {
        for (int t = 0; t < seeds.length; t++) {
            kernels.accumulateNoise(sum, table(), seeds[t], coefficients[t], first);
        }
    }

    /**
     * Finds a distribution by its name in a request.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} when the name is unknown; the message lists the known ones
     */
    public static Distribution named(String name) {
        return Arrays.stream(values())
                .filter(distribution -> distribution.spelled().equals(name))
                .findFirst()
                .orElseThrow(() -> new InvalidSetting(
                        Setting.DISTRIBUTION,
                        "'%s' is unknown; known are %s"
                                .formatted(
                                        name,
                                        Arrays.stream(values())
                                                .map(Distribution::spelled)
                                                .collect(Collectors.joining(", ")))));
    }

    /** The name of the distribution in requests, such as {@code rank-one}. */
    public String spelled() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
