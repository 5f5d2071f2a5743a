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

/** Of what the perturbation z of a zeroth-order draw is made; every weight's z has mean 0 and variance 1. */
public enum Distribution {
    /** Normal, the literature's choice: one of 65,536 equally likely quantiles, eight of which a 16-bit number picks. */
    GAUSSIAN {
        @Override
        Tensor table() {
            return Tables.NORMAL;
        }
    },
    /** Random signs, the classical choice of SPSA (Spall 1992): far cheaper to draw. */
    RADEMACHER {
        @Override
        Tensor table() {
            return Tables.SIGNS;
        }
    },
    /** {@code z = u vᵀ} of random signs: perturbs no weight, and the whole estimate is one small product. */
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

    /** Rows of a matrix that {@link #sum} adds up in fp64 together; a multiple of 64. */
    static final int ROWS_TOGETHER = 512;

    /** What random bits are looked up in. */
    abstract Tensor table();

    /** Made when first asked for; they stay, as long as the process does. */
    private static final class Tables {
        static final Tensor NORMAL = kernels().normalTable();
        static final Tensor SIGNS = kernels().signTable();

        private static ImportanceKernels kernels() {
            return new ImportanceKernels(Scope.open());
        }
    }

    /** Weights of which a moved copy is needed at the same time. */
    public long movedTogether(List<LayerLayout> layers) {
        return layers.stream().mapToLong(LayerLayout::weightsOfHalf).max().orElseThrow();
    }

    /** Sends one stream through the layer with W + εz and the other with W − εz. */
    void through(PerturbedLayer layer, LayerStream plus, LayerStream minus) {
        layer.withMovedWeights(plus, minus, table());
    }

    /** Σ_t coefficient_t·z_t of a linear layer's weight, added up in fp64 and in this order; fp32 [out, in]. */
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

    /** Bytes of the largest matrix that {@link #sum} makes, fp32, with the rows that are summed in fp64 together. */
    static long sumBytes(Footprint footprint) {
        return footprint.largest(layer -> Footprint.most(
                layer.linears(),
                linear -> Float.BYTES * linear.weights()
                        + (long) Double.BYTES * Math.min(ROWS_TOGETHER, linear.outputs()) * linear.inputs()));
    }

    /** @param first row of the weight that is the first of sum [rows, in] */
    void accumulate(
            Tensor sum, int first, Linear linear, long[] seeds, double[] coefficients, ImportanceKernels kernels) {
        for (int t = 0; t < seeds.length; t++) {
            kernels.accumulateNoise(sum, table(), seeds[t], coefficients[t], first);
        }
    }

    /** @throws EspalierException {@code INVALID_ARGUMENT} naming the distribution */
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

    /** As in a request. */
    public String spelled() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
