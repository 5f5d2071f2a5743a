package io.espalier.pipeline.service;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.vertx.http.runtime.VertxHttpConfig;
import io.quarkus.vertx.http.runtime.VertxHttpConfig.InsecureRequests;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.interceptor.Interceptor;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How this service is protected, out of its configuration. It does not start where others could reach it unprotected. */
@Singleton
public class Protection {
    private static final Logger LOG = LoggerFactory.getLogger(Protection.class);

    private final EspalierConfig config;
    private final Exposure exposure;

    Protection(
            EspalierConfig config,
            VertxHttpConfig http,
            @ConfigProperty(name = "quarkus.oidc.tenant-enabled") boolean oidc,
            @ConfigProperty(name = "quarkus.http.auth.certificate-role-properties") Optional<String> certificateRoles) {
        this.config = config;
        // Quarkus refuses to start without both: with `disabled`, it has a certificate.
        boolean tls = http.insecureRequests()
                .filter(InsecureRequests.DISABLED::equals)
                .isPresent();
        this.exposure = new Exposure(
                http.host(),
                isLoopback(http.host()),
                tls,
                config.tokensFile().isPresent() || oidc || certificateRoles.isPresent());
    }

    /** Before the port is opened. */
    void onStart(@Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE) StartupEvent event) {
        exposure.refusal().ifPresent(refusal -> {
            if (!config.insecure()) {
                throw new ConfigurationException(refusal);
            }
            LOG.warn("espalier.security.insecure=true: {}", refusal);
        });
    }

    /** Whether calls take a role. Where nobody is asked who he is, everybody may do everything. */
    public boolean authentication() {
        return exposure.authentication();
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
