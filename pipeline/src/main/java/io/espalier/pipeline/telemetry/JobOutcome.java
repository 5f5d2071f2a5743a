package io.espalier.pipeline.telemetry;

import java.util.Locale;

/** How a job ended. */
public enum JobOutcome {
    COMPLETED,
    FAILED,
    CANCELLED;

    /** The value of the label {@code outcome} in metrics. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
