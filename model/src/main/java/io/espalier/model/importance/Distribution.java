package io.espalier.model.importance;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Of what the perturbation z of a zeroth-order draw is made; every weight's z has mean 0 and variance 1. */
public enum Distribution {
    /** Normal, the literature's choice. */
    GAUSSIAN {
        @Override
        Tensor apply(Tensor x, Tensor weight, long seed, double epsilon, Scope scope) {
            return new ImportanceKernels(scope).antitheticLinear(x, weight, seed, epsilon);
        }

        @Override
        void accumulate(Tensor sum, long[] seeds, double[] coefficients, ImportanceKernels kernels) {
            for (int t = 0; t < seeds.length; t++) {
                kernels.accumulateGaussian(sum, seeds[t], coefficients[t]);
            }
        }
    },
    /** Random signs, the classical choice of SPSA (Spall 1992): far cheaper to draw. */
    RADEMACHER {
        @Override
        Tensor apply(Tensor x, Tensor weight, long seed, double epsilon, Scope scope) {
            return new ImportanceKernels(scope).antitheticRademacher(x, weight, seed, epsilon);
        }

        @Override
        void accumulate(Tensor sum, long[] seeds, double[] coefficients, ImportanceKernels kernels) {
            for (int t = 0; t < seeds.length; t++) {
                kernels.accumulateRademacher(sum, seeds[t], coefficients[t]);
            }
        }
    },
    /** {@code z = u vᵀ} of random signs: perturbs no weight, and the whole estimate is one small product. */
    RANK_ONE {
        @Override
        Tensor apply(Tensor x, Tensor weight, long seed, double epsilon, Scope scope) {
            return new ImportanceKernels(scope).antitheticRankOne(x, weight, seed, epsilon);
        }

        @Override
        void accumulate(Tensor sum, long[] seeds, double[] coefficients, ImportanceKernels kernels) {
            kernels.accumulateRankOne(sum, seeds, coefficients);
        }
    };

    /** x (W + εz)ᵀ for the first half of the windows of x [b, t, in], x (W − εz)ᵀ for the second, in {@code scope}. */
    abstract Tensor apply(Tensor x, Tensor weight, long seed, double epsilon, Scope scope);

    /** sum [out, in] += Σ_t coefficient_t·z_t, in place and in this order; both in fp64. */
    abstract void accumulate(Tensor sum, long[] seeds, double[] coefficients, ImportanceKernels kernels);

    /** @throws EspalierException {@code INVALID_ARGUMENT} naming {@code scoring.gradient.distribution} */
    public static Distribution named(String name) {
        return Arrays.stream(values())
                .filter(distribution -> distribution.spelled().equals(name))
                .findFirst()
                .orElseThrow(() -> new EspalierException(
                        ErrorCode.INVALID_ARGUMENT,
                        "scoring.gradient.distribution: '%s' is unknown; known are %s"
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
