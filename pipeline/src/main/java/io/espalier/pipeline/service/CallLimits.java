package io.espalier.pipeline.service;

import com.google.common.cache.CacheBuilder;
import com.google.common.cache.CacheLoader;
import com.google.common.cache.LoadingCache;
import io.quarkus.runtime.Startup;
import io.quarkus.runtime.configuration.ConfigurationException;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many calls each caller has in a second, so that one cannot take a service from the others. It may make them all at once: a
 * page asks for several things when it opens.
 */
@Startup
@Singleton
public class CallLimits {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final int perSecond;
    /** Calls of each caller in the second that began with the first of them. */
    private final LoadingCache<String, AtomicInteger> calls;

    @Inject
    CallLimits(EspalierConfig config) {
        this(config.callsPerSecond());
    }

    CallLimits(int perSecond) {
        if (perSecond < 1) {
            throw new ConfigurationException(
                    "espalier.calls.per-second is %d; it must be at least 1".formatted(perSecond));
        }
        this.perSecond = perSecond;
        this.calls =
                CacheBuilder.newBuilder().expireAfterWrite(SECOND).build(CacheLoader.from(() -> new AtomicInteger()));
    }

    /** @param caller name of the principal */
    boolean admits(String caller) {
        return calls.getUnchecked(caller).incrementAndGet() <= perSecond;
    }
}
