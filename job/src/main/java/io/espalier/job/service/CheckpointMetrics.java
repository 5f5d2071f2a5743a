package io.espalier.job.service;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.telemetry.MetricNames;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Counts the bytes of checkpoints that this process has read. */
@Singleton
public class CheckpointMetrics {
    void onStart(@Observes StartupEvent event, Stage stage, MeterRegistry registry) {
        FunctionCounter.builder(MetricNames.BYTES_READ, stage, label -> (double) Checkpoint.bytesRead())
                .tag(MetricNames.STAGE, stage.label())
                .register(registry);
    }
}
