package io.espalier.pipeline.telemetry;

/** Where a stage sends its metrics and its traces. */
public record Telemetry(StageMeters meters, Traces traces) {
    public static final Telemetry NONE = new Telemetry(StageMeters.NONE, Traces.NONE);
}
