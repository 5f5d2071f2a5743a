package io.espalier.pipeline.service;

import jakarta.inject.Singleton;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready when the fold, the task queue and the job log work; else names what is missing. */
@Readiness
@Singleton
public class StageReadiness implements HealthCheck {
    private final StageHost host;

    public StageReadiness(StageHost host) {
        this.host = host;
    }

    @Override
    public HealthCheckResponse call() {
        List<String> missing = host.missing();
        var response = HealthCheckResponse.named("stage").status(missing.isEmpty());
        if (!missing.isEmpty()) {
            response.withData("missing", String.join("; ", missing));
        }
        return response.build();
    }
}
