package io.espalier.model.pruning;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;

/** What is done about the removed columns of a linear layer. */
public enum Compensation {
    /** They are dropped. */
    NONE("none") {
        @Override
        LeastSquares.Solution repair(Tensor weight, Tensor gram, int[] kept, Scope scope) {
            return new LeastSquares.Solution(new Kernels(scope).select(weight, 1, kept), 1);
        }
    },
    /** The kept ones are solved anew; see {@link LeastSquares}. */
    LEAST_SQUARES("least-squares") {
        @Override
        LeastSquares.Solution repair(Tensor weight, Tensor gram, int[] kept, Scope scope) {
            return LeastSquares.solve(weight, gram, kept, scope);
        }
    };

    private final String label;

    Compensation(String label) {
        this.label = label;
    }

    /** As requests name it. */
    public String label() {
        return label;
    }

    abstract LeastSquares.Solution repair(Tensor weight, Tensor gram, int[] kept, Scope scope);

    /** @throws EspalierException {@code INVALID_ARGUMENT} naming {@code pruning.compensation} */
    public static Compensation named(String name) {
        return Arrays.stream(values())
                .filter(compensation -> compensation.label.equals(name))
                .findFirst()
                .orElseThrow(() -> new EspalierException(
                        ErrorCode.INVALID_ARGUMENT,
                        "pruning.compensation: '%s' is unknown; known are least-squares, none".formatted(name)));
    }
}
