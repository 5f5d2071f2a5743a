package io.espalier.pipeline.service;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who can reach a service, and what protects it from them.
 *
 * @param host address the service listens on
 * @param loopback whether only this machine can reach that address
 * @param tls whether the service answers in TLS alone
 * @param authentication whether it asks who a caller is
 */
record Exposure(String host, boolean loopback, boolean tls, boolean authentication) {
    /** Why a service must not start like this unless it is told so by name. */
    Optional<String> refusal() {
        List<String> missing = new ArrayList<>();
        if (!tls) {
            missing.add("TLS (quarkus.tls.key-store.pem.0.cert, quarkus.tls.key-store.pem.0.key and"
                    + " quarkus.http.insecure-requests=disabled)");
        }
        if (!authentication) {
            missing.add("authentication (espalier.auth.tokens-file, or quarkus.oidc.tenant-enabled=true with"
                    + " quarkus.oidc.auth-server-url, or quarkus.http.auth.certificate-role-properties)");
        }
        if (loopback || missing.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                ("the service would listen on %s without %s. Set these keys, or listen on this machine alone with"
                                + " quarkus.http.host=127.0.0.1, or accept the risk with espalier.security.insecure=true")
                        .formatted(host, String.join(" and without ", missing)));
    }
}
