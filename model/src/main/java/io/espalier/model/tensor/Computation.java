package io.espalier.model.tensor;

/**
 * How a pass over a model computes; with the numeric profile it decides the last bits of what comes out, so a plan pins it.
 *
 * @param budget bounds rows per product and what is held between layers
 */
public record Computation(ComputeType type, MemoryBudget budget) {
    /** fp32 within the usual budget. */
    public static final Computation EXACT = new Computation(ComputeType.FP32, MemoryBudget.DEFAULT);

    /**
     * @param type as {@link ComputeType#spelled()}
     * @throws io.espalier.model.EspalierException {@code INVALID_ARGUMENT} naming the configuration that is wrong
     */
    public static Computation of(String type, long budgetBytes) {
        return new Computation(ComputeType.named(type), new MemoryBudget(budgetBytes));
    }
}
