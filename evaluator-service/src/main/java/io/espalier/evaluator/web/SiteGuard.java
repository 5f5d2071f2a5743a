package io.espalier.evaluator.web;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tells the calls of this service's page and of programs from those that a browser makes for another site. A browser names the site
 * in every call that can change something; a program names none.
 */
final class SiteGuard {
    private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+]");
    private static final Set<String> OF_THE_PAGE = Set.of("same-origin", "none");
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    private static final Set<String> TYPES = Set.of("application/json", Yaml.TYPE);

    private final boolean authentication;
    private final Set<String> proxied;

    /**
     * @param authentication whether callers must say who they are
     * @param names by which the page may be reached beside addresses and localhost
     */
    SiteGuard(boolean authentication, Set<String> names) {
        this.authentication = authentication;
        this.proxied =
                names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    }

    /** What a call says of where it comes from; null is what it does not say. */
    record Call(
            String method,
            @Nullable String host,
            @Nullable String origin,
            @Nullable String fetchSite,
            @Nullable String contentType) {}

    /** Why the call is not let in; empty if it is. */
    Optional<Refusal> refusal(Call call) {
        String host = call.host() == null ? "" : call.host().toLowerCase(Locale.ROOT);
        if (!authentication && !isOwn(name(host))) {
            return forbidden(
                    "this service is reached by an address or as localhost, not as \"%s\"; a name of its own stands in espalier.web.hosts"
                            .formatted(name(host)));
        }
        if (READING.contains(call.method())) {
            return Optional.empty();
        }
        boolean elsewhere = call.fetchSite() != null && !OF_THE_PAGE.contains(call.fetchSite());
        if (elsewhere || (call.origin() != null && !isOf(call.origin(), host))) {
            return forbidden("another site's page may not do this");
        }
        if (!TYPES.contains(type(call.contentType()))) {
            return Optional.of(new Refusal(
                    415, "UNSUPPORTED_MEDIA_TYPE", "the content type must be application/json or " + Yaml.TYPE));
        }
        return Optional.empty();
    }

    private static Optional<Refusal> forbidden(String why) {
        return Optional.of(new Refusal(403, "PERMISSION_DENIED", why));
    }

    /** A name that somebody else's DNS could point here is not one of this service's. */
    private boolean isOwn(String name) {
        return name.equals("localhost")
                || proxied.contains(name)
                || ADDRESS.matcher(name).matches();
    }

    private boolean isOf(String origin, String host) {
        try {
            String authority = String.valueOf(URI.create(origin).getAuthority()).toLowerCase(Locale.ROOT);
            // Behind a proxy the host may be another than the one that the browser sees.
            return authority.equals(host) || proxied.contains(name(authority));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static String name(String authority) {
        return authority.replaceFirst(":\\d*$", "");
    }

    private static String type(@Nullable String contentType) {
        return contentType == null
                ? ""
                : contentType.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
    }
}
