package io.espalier.model.tensor;

import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A ridge of 1% of a Gram matrix's mean diagonal, raised tenfold until what it is added to is positive definite.
 *
 * @param solved by the system with the ridge
 * @param raised ridge used over that of 1%; 1 unless the system was not positive definite
 */
public record Damping(Tensor solved, double raised) {
    private static final Logger LOG = LoggerFactory.getLogger(Damping.class);
    private static final double RELATIVE = 0.01;
    private static final double STEP = 10;
    /** Beyond, the ridge is all there is. */
    private static final double MOST = 1e6;

    /**
     * @param gram [in, in]
     * @param solve gives an empty tensor where the system with that ridge is not positive definite
     * @return empty where the matrix is zero, or not finite
     */
    public static Optional<Damping> raise(Tensor gram, DoubleFunction<Tensor> solve) {
        double ridge = RELATIVE * meanDiagonal(gram);
        for (double raised = 1; ridge > 0 && Double.isFinite(ridge) && raised <= MOST; raised *= STEP) {
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
