package io.espalier.evaluator.domain;

import io.espalier.job.Inspection;
import io.espalier.job.TextRead;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.MemoryBudget;
import java.util.List;
import java.util.Map;

/** What an inspection found, as far as a test looks at it. */
final class Inspections {
    private Inspections() {}

    static Inspection of(Checkpoint dense) {
        return of(dense, 2);
    }

    /** @param threads that every task computes with */
    static Inspection of(Checkpoint dense, int threads) {
        return new Inspection(
                "family",
                dense.config().layers(),
                0,
                dense.sha256(),
                "",
                "",
                1,
                1,
                0,
                1,
                List.of(),
                threads,
                new Computation(ComputeType.FP32, new MemoryBudget(1L << 30)),
                Map.of(),
                List.of(),
                TextRead.UNKNOWN,
                TextRead.UNKNOWN,
                List.of(),
                List.of(),
                "",
                List.of());
    }
}
