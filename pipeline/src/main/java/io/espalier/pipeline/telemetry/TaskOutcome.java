package io.espalier.pipeline.telemetry;

import java.util.Locale;

/** How a task ended for the worker that had it. */
public enum TaskOutcome {
    DONE,
    FAILED,
    /** Without a result: the worker was drained, the task broke and is tried again, or its job had ended. */
    GIVEN_BACK;

    /** As in metrics. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
