package io.espalier.evaluator.web;

import io.espalier.pipeline.service.EspalierConfig;
import io.espalier.pipeline.service.Protection;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Set;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/** Asks {@link SiteGuard} before anything of a call is looked at, however its path is spelled. */
public class SiteFilter {
    private final SiteGuard guard;

    SiteFilter(Protection protection, EspalierConfig config) {
        this.guard = new SiteGuard(
                protection.authentication(), Set.copyOf(config.webHosts().orElse(List.of())));
    }

    @ServerRequestFilter(preMatching = true)
    public @Nullable Response check(ContainerRequestContext context, HttpServerRequest request) {
        // Of HTTP/2 the host is no header.
        String host = request.authority() == null ? null : request.authority().toString();
        return guard.refusal(new SiteGuard.Call(
                        context.getMethod(),
                        host,
                        context.getHeaderString("Origin"),
                        context.getHeaderString("Sec-Fetch-Site"),
                        context.getHeaderString("Content-Type")))
                .map(Refusal::response)
                .orElse(null);
    }
}
