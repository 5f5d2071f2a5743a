package io.espalier.pipeline.telemetry;

import java.util.Locale;

/** How a task ended for the worker that had it. */
public enum TaskOutcome {
    DONE,
    FAILED,
    /** Without a result: the worker was drained, the task broke and is tried again, or its job had ended. */
    GIVEN_BACK;

    /** The value of the label {@code outcome} in metrics. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
