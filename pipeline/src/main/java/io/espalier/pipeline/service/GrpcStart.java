package io.espalier.pipeline.service;

import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.quarkus.grpc.runtime.health.GrpcHealthStorage;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a service whose gRPC server did not start, for example because its port is taken. Quarkus only logs that, and the service
 * would stay unready for ever. Whoever started the service sees its end and starts it again.
 */
@Singleton
public class GrpcStart {
    private static final Logger LOG = LoggerFactory.getLogger(GrpcStart.class);

    void onStart(@Observes StartupEvent event, GrpcHealthStorage grpc) {
        if (grpc.getStatuses().get(GrpcHealthStorage.DEFAULT_SERVICE_NAME) != ServingStatus.SERVING) {
            LOG.error("the gRPC server did not start, so the service ends; the error before this one says why");
            Quarkus.asyncExit(1);
        }
    }
}
