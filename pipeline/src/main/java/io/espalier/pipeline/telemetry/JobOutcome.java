package io.espalier.pipeline.telemetry;

import java.util.Locale;

/** How a job ended. */
public enum JobOutcome {
    COMPLETED,
    FAILED,
    CANCELLED;

    /** As in metrics. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
