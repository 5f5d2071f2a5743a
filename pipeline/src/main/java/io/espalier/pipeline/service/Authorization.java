package io.espalier.pipeline.service;

import io.quarkus.security.spi.runtime.AuthorizationController;
import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Alternative;
import jakarta.inject.Singleton;
import jakarta.interceptor.Interceptor;

/** Roles are asked for where callers are authenticated, on this machine's own address too. */
@Alternative
@Priority(Interceptor.Priority.LIBRARY_AFTER)
@Singleton
public class Authorization extends AuthorizationController {
    private final Protection protection;

    Authorization(Protection protection) {
        this.protection = protection;
    }

    @Override
    public boolean isAuthorizationEnabled() {
        return protection.authentication();
    }
}
