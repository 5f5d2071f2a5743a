package io.espalier.model.tensor;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;

/**
 * The native memory that one pass over a model may use, beyond what the idle process uses.
 *
 * @param bytes at least 64 MiB
 */
public record MemoryBudget(long bytes) {
    public static final MemoryBudget DEFAULT = new MemoryBudget(2L << 30);

    private static final long MIN_BYTES = 64L << 20;

    public MemoryBudget {
        if (bytes < MIN_BYTES) {
            throw new InvalidSetting(
                    Setting.MEMORY_BUDGET, "must be at least %d bytes, was %d".formatted(MIN_BYTES, bytes));
        }
    }

    /**
     * Refuses a need beyond the budget.
     *
     * @param what names who needs the memory, for the message
     * @param needed bytes
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the budget and the bytes
     */
    public void require(String what, long needed) {
        if (needed > bytes) {
            throw new InvalidSetting(
                    Setting.MEMORY_BUDGET,
                    "%s needs %d bytes, the budget is %d; raise it or use fewer or shorter samples"
                            .formatted(what, needed, bytes));
        }
    }
}
