package io.espalier.model.tensor;

/**
 * How a pass over a model computes. Together with the numeric profile it decides the last bits of the result, so a job's
 * plan pins it.
 *
 * @param type type of the matrix products
 * @param budget bounds the rows per matrix product and the memory held between layers
 */
public record Computation(ComputeType type, MemoryBudget budget) {
    /** fp32 within the default budget. */
    public static final Computation EXACT = exact(MemoryBudget.DEFAULT);

    /** fp32 within a budget. */
    public static Computation exact(MemoryBudget budget) {
        return new Computation(ComputeType.FP32, budget);
    }

    /**
     * Checks a number that every result of a pass contributes to.
     *
     * @param what the results, for the message
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
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} naming the setting that is wrong
     */
    public static Computation of(String type, long budgetBytes) {
        return new Computation(ComputeType.named(type), new MemoryBudget(budgetBytes));
    }
}
