package io.espalier.pipeline.service;

import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.telemetry.Telemetry;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Quarkus's metrics and traces as the ports a stage uses. */
@Singleton
public class TelemetryBeans {
    @Produces
    @Singleton
    Telemetry telemetry(Stage stage, MeterRegistry registry, OpenTelemetry openTelemetry) {
        String label = stage.label();
        return new Telemetry(
                new MicrometerMeters(registry, label),
                new OpenTelemetryTraces(openTelemetry.getTracer("io.espalier"), label));
    }
}
