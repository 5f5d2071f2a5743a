package io.espalier.pipeline.service;

import com.google.common.util.concurrent.RateLimiter;
import io.espalier.pipeline.control.AuditLog;
import io.grpc.Status;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.spi.runtime.AuthenticationFailureEvent;
import io.quarkus.security.spi.runtime.AuthorizationFailureEvent;
import io.quarkus.security.spi.runtime.SecurityEvent;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.concurrent.atomic.AtomicLong;

/** Puts calls that were refused for want of a role or a token into the audit log; of a flood, the first and a count. */
@Singleton
public class RefusalAudit {
    /** Whoever is not let in must not be able to fill the log. */
    private static final double LINES_PER_SECOND = 10;

    private static final String REQUEST = "request";

    private final RateLimiter lines = RateLimiter.create(LINES_PER_SECOND);
    private final AtomicLong unsaid = new AtomicLong();

    /** A caller without a token, or without the role. */
    void refused(@Observes AuthorizationFailureEvent event) {
        SecurityIdentity caller = event.getSecurityIdentity();
        say(
                Callers.name(caller),
                String.valueOf(
                        event.getEventProperties().getOrDefault(AuthorizationFailureEvent.SECURED_METHOD_KEY, REQUEST)),
                event,
                caller.isAnonymous() ? Status.Code.UNAUTHENTICATED : Status.Code.PERMISSION_DENIED);
    }

    /** A caller with a token or certificate that nobody knows. */
    void unknown(@Observes AuthenticationFailureEvent event) {
        say("", REQUEST, event, Status.Code.UNAUTHENTICATED);
    }

    private void say(String caller, String action, SecurityEvent event, Status.Code outcome) {
        if (!lines.tryAcquire()) {
            unsaid.incrementAndGet();
            return;
        }
        String path = event.getEventProperties().get(RoutingContext.class.getName()) instanceof RoutingContext context
                ? context.normalizedPath()
                : "";
        AuditLog.record(caller, action, path, outcome);
        long before = unsaid.getAndSet(0);
        if (before > 0) {
            AuditLog.unsaid(before);
        }
    }
}
