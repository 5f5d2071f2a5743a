package io.espalier.base;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one way to stop work: whoever runs it binds a cancellation to its thread and may request it from any other thread;
 * the work looks at it between its small steps with {@link #check()}. Work that nobody runs this way is never stopped.
 */
public final class Cancellation {
    private static final ThreadLocal<Cancellation> CURRENT = new ThreadLocal<>();

    private volatile @Nullable String reason;

    /** Stops the work at its next {@link #check()}. Of several requests the first one's reason stands. */
    public void request(String why) {
        if (reason == null) {
            reason = why;
        }
    }

    public boolean isRequested() {
        return reason != null;
    }

    /** Does work on this thread that this cancellation can stop. */
    public <T> T around(Supplier<T> work) {
        Cancellation before = CURRENT.get();
        CURRENT.set(this);
        try {
            return work.get();
        } finally {
            if (before == null) {
                CURRENT.remove();
            } else {
                CURRENT.set(before);
            }
        }
    }

    /**
     * Costs some nanoseconds, so it may stand in the innermost loop that is worth stopping.
     *
     * @throws EspalierException {@code CANCELLED} if the work of this thread is to stop
     */
    public static void check() {
        Cancellation current = CURRENT.get();
        String why = current == null ? null : current.reason;
        if (why != null) {
            throw new EspalierException(ErrorCode.CANCELLED, why);
        }
    }
}
