package io.espalier.pipeline.service;

import io.quarkus.security.identity.SecurityIdentity;

/** The names of callers. */
final class Callers {
    private Callers() {}

    /** Name of the principal; empty if nobody was authenticated. */
    static String name(SecurityIdentity identity) {
        return identity.isAnonymous() ? "" : identity.getPrincipal().getName();
    }
}
