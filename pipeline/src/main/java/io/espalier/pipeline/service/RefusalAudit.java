package io.espalier.pipeline.service;

import io.espalier.pipeline.control.AuditLog;
import io.grpc.Status;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.spi.runtime.AuthorizationFailureEvent;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Puts calls that were refused for want of a role or a token into the audit log. */
@Singleton
public class RefusalAudit {
    void refused(@Observes AuthorizationFailureEvent event) {
        SecurityIdentity caller = event.getSecurityIdentity();
        String path = event.getEventProperties().get(RoutingContext.class.getName()) instanceof RoutingContext context
                ? context.normalizedPath()
                : "";
        AuditLog.record(
                Callers.name(caller),
                String.valueOf(event.getEventProperties()
                        .getOrDefault(AuthorizationFailureEvent.SECURED_METHOD_KEY, "request")),
                path,
                caller.isAnonymous() ? Status.Code.UNAUTHENTICATED : Status.Code.PERMISSION_DENIED);
    }
}
