package io.espalier.model.tensor;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;

/**
 * Native memory that one pass over a model may take, beside what the process takes anyway.
 *
 * @param bytes at least 64 MiB
 */
public record MemoryBudget(long bytes) {
    public static final MemoryBudget DEFAULT = new MemoryBudget(2L << 30);

    private static final long LEAST_BYTES = 64L << 20;

    public MemoryBudget {
        if (bytes < LEAST_BYTES) {
            throw new InvalidSetting(
                    Setting.MEMORY_BUDGET, "must be at least %d bytes, was %d".formatted(LEAST_BYTES, bytes));
        }
    }

    /**
     * @param what needs the bytes, for the message
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
