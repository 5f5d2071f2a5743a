package io.espalier.pipeline.service;

import io.quarkus.security.identity.IdentityProviderManager;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.runtime.QuarkusPrincipal;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import io.quarkus.vertx.http.runtime.security.ChallengeData;
import io.quarkus.vertx.http.runtime.security.HttpAuthenticationMechanism;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Knows callers by the static tokens of {@link TokenFile}. What is not among them is left to the other mechanisms. */
@Singleton
public class TokenAuthentication implements HttpAuthenticationMechanism {
    private static final String SCHEME = "Bearer ";
    private static final int UNAUTHORIZED = 401;

    private final Optional<TokenFile> tokens;

    TokenAuthentication(EspalierConfig config) {
        this.tokens = config.tokensFile().map(TokenFile::new);
    }

    @Override
    public Uni<SecurityIdentity> authenticate(RoutingContext context, IdentityProviderManager providers) {
        String header = context.request().getHeader("Authorization");
        return Uni.createFrom()
                .item(tokens.flatMap(file -> token(header).flatMap(file::holder))
                        .map(TokenAuthentication::identity)
                        .orElse(null));
    }

    private static Optional<String> token(@Nullable String header) {
        return Optional.ofNullable(header)
                .filter(text -> text.toLowerCase(Locale.ROOT).startsWith(SCHEME.toLowerCase(Locale.ROOT)))
                .map(text -> text.substring(SCHEME.length()).strip());
    }

    private static SecurityIdentity identity(TokenFile.Holder holder) {
        return QuarkusSecurityIdentity.builder()
                .setPrincipal(new QuarkusPrincipal(holder.name()))
                .addRoles(holder.roles())
                .build();
    }

    @Override
    public Uni<ChallengeData> getChallenge(RoutingContext context) {
        return Uni.createFrom().item(new ChallengeData(UNAUTHORIZED, "WWW-Authenticate", SCHEME.strip()));
    }

    /** Before the identity provider: a static token is not one of its. */
    @Override
    public int getPriority() {
        return DEFAULT_PRIORITY + 100;
    }
}
