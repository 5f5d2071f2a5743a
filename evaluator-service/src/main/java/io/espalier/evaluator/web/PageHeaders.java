package io.espalier.evaluator.web;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.MultiMap;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** What browsers may do with the page and with answers of the API. */
@Singleton
public class PageHeaders {
    static final String POLICY = "Content-Security-Policy";

    /** Nothing but the page's own files, and no frame around it. */
    static final String PAGE =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self';"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /** Shows a report inside the page: its own scripts run, it reaches nothing, and its origin is nobody's. */
    static final String FRAME =
            "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
                    + " form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-downloads";

    /** A report runs its own scripts, and nothing that could act here in the reader's name. */
    static final String REPORT = "sandbox allow-scripts allow-downloads; frame-ancestors 'self'";

    private static final String DATA = "default-src 'none'; frame-ancestors 'none'";

    /** Before callers are asked who they are, so that refusals have them too. */
    private static final int FIRST = 300;

    void register(@Observes Filters filters) {
        filters.register(PageHeaders::add, FIRST);
    }

    private static void add(RoutingContext context) {
        String path = context.normalizedPath();
        boolean data = path.startsWith("/api");
        if (data || path.startsWith("/ui") || path.equals("/")) {
            MultiMap headers = context.response().headers();
            headers.set(POLICY, data ? DATA : path.startsWith("/ui/frame.") ? FRAME : PAGE);
            headers.set("X-Content-Type-Options", "nosniff");
            headers.set("Referrer-Policy", "no-referrer");
            headers.set("Cache-Control", data ? "no-store" : "no-cache");
            if (data) {
                headers.set("Cross-Origin-Resource-Policy", "same-origin");
            }
        }
        context.next();
    }
}
