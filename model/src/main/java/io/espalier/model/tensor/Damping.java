package io.espalier.model.tensor;

import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The result of solving a system with a Gram matrix H plus a ridge λI. λ starts at 1% of the mean of H's diagonal, as in
 * GPTQ and SparseGPT. It is raised tenfold until H + λI is positive definite.
 *
 * @param solved what the solver returned
 * @param raised the ridge that was used, as a multiple of the first one: 1, 10, 100 and so on
 */
public record Damping(Tensor solved, double raised) {
    private static final Logger LOG = LoggerFactory.getLogger(Damping.class);
    private static final double RELATIVE_RIDGE = 0.01;
    private static final double STEP = 10;
    /** A larger multiple would leave almost nothing of H in H + λI. */
    private static final double MAX_RAISED = 1e6;

    /**
     * Tries ridges in ascending order.
     *
     * @param gram H, [in, in]
     * @param solve solves the system for a ridge λ; it returns an empty tensor when H + λI is not positive definite
     * @return empty when H is zero or not finite, or when every ridge failed
     */
    public static Optional<Damping> raise(Tensor gram, DoubleFunction<Tensor> solve) {
        double ridge = RELATIVE_RIDGE * meanDiagonal(gram);
        for (double raised = 1; ridge > 0 && Double.isFinite(ridge) && raised <= MAX_RAISED; raised *= STEP) {
            Tensor solved = solve.apply(ridge * raised);
            if (solved.elements() > 0) {
                return Optional.of(new Damping(solved, raised));
            }
            solved.close();
            LOG.warn("not positive definite, raising the damping features={} raised={}", gram.dim(0), raised);
        }
        return Optional.empty();
    }

    private static double meanDiagonal(Tensor gram) {
        try (Scope scope = Scope.open()) {
            Tensor all = scope.positions(IntStream.range(0, gram.dim(0)).toArray());
            return new Kernels(scope).meanDiagonal(gram, all);
        }
    }
}
