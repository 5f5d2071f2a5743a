package io.espalier.model.pruning;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;

/** What is done about the removed columns of a linear layer. */
public enum Compensation {
    /** They are dropped. */
    NONE {
        @Override
        LeastSquares.Solution repair(Tensor weight, Tensor gram, int[] kept, Scope scope) {
            return new LeastSquares.Solution(new Kernels(scope).select(weight, 1, kept), 1);
        }
    },
    /** The kept ones are solved anew; see {@link LeastSquares}. */
    LEAST_SQUARES {
        @Override
        LeastSquares.Solution repair(Tensor weight, Tensor gram, int[] kept, Scope scope) {
            return LeastSquares.solve(weight, gram, kept, scope);
        }
    };

    abstract LeastSquares.Solution repair(Tensor weight, Tensor gram, int[] kept, Scope scope);

    /** @throws EspalierException {@code INVALID_ARGUMENT} naming {@code pruning.compensation} */
    public static Compensation named(String name) {
        return switch (name) {
            case "none" -> NONE;
            case "least-squares" -> LEAST_SQUARES;
            default ->
                throw new EspalierException(
                        ErrorCode.INVALID_ARGUMENT,
                        "pruning.compensation: '%s' is unknown; known are least-squares, none".formatted(name));
        };
    }
}
