package io.espalier.model.tensor;

/**
 * How a pass over a model computes; with the numeric profile it decides the last bits of what comes out, so a plan pins it.
 *
 * @param budget bounds rows per product and what is held between layers
 */
public record Computation(ComputeType type, MemoryBudget budget) {
    /** fp32 within the usual budget. */
    public static final Computation EXACT = exact(MemoryBudget.DEFAULT);

    /** In fp32 within a budget. */
    public static Computation exact(MemoryBudget budget) {
        return new Computation(ComputeType.FP32, budget);
    }

    /**
     * Looks at a number that all results of a pass went into.
     *
     * @param what it was computed from, for the message
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} naming the compute type where
     *     another may help, else {@code MODEL_CORRUPT}
     */
    public void requireFinite(String what, double number) {
        if (!Double.isFinite(number)) {
            throw type.notFinite(what);
        }
    }

    /**
     * @param type as {@link ComputeType#spelled()}
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} naming the configuration that is wrong
     */
    public static Computation of(String type, long budgetBytes) {
        return new Computation(ComputeType.named(type), new MemoryBudget(budgetBytes));
    }
}
