package io.espalier.pipeline.service;

import com.google.common.cache.CacheBuilder;
import com.google.common.cache.CacheLoader;
import com.google.common.cache.LoadingCache;
import com.google.common.util.concurrent.RateLimiter;
import io.quarkus.runtime.Startup;
import io.quarkus.runtime.configuration.ConfigurationException;
import jakarta.inject.Singleton;
import java.time.Duration;

/** How many calls each caller has in a second, so that one cannot take a service from the others. */
@Startup
@Singleton
public class CallLimits {
    /** Longer than a limiter remembers what was not used. */
    private static final Duration FORGOTTEN = Duration.ofMinutes(1);

    private final LoadingCache<String, RateLimiter> callers;

    CallLimits(EspalierConfig config) {
        int perSecond = config.callsPerSecond();
        if (perSecond < 1) {
            throw new ConfigurationException(
                    "espalier.calls.per-second is %d; it must be at least 1".formatted(perSecond));
        }
        this.callers = CacheBuilder.newBuilder()
                .expireAfterAccess(FORGOTTEN)
                .build(CacheLoader.from(() -> RateLimiter.create(perSecond)));
    }

    /** @param caller name of the principal */
    boolean admits(String caller) {
        return callers.getUnchecked(caller).tryAcquire();
    }
}
