package io.espalier.pipeline.telemetry;

/** Where a stage tells of itself. */
public record Telemetry(StageMeters meters, Traces traces) {
    public static final Telemetry NONE = new Telemetry(StageMeters.NONE, Traces.NONE);
}
