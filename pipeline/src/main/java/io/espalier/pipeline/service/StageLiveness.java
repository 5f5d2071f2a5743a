package io.espalier.pipeline.service;

import io.espalier.pipeline.runtime.StageRuntime;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/** Down only when nothing but a restart helps: long work and an absent broker are no reason. */
@Liveness
@Singleton
public class StageLiveness implements HealthCheck {
    private final StageHost host;

    public StageLiveness(StageHost host) {
        this.host = host;
    }

    @Override
    public HealthCheckResponse call() {
        boolean broken = host.runtime().map(StageRuntime::isBroken).orElse(false);
        return HealthCheckResponse.named("process").status(!broken).build();
    }
}
