package io.espalier.cli.stack;

import java.time.Duration;

/**
 * The time after which a service that has ended is started again. It doubles with each restart, so that a service that cannot
 * start does not keep the machine busy.
 *
 * @param first the wait before the first restart
 * @param longest the longest wait; after a process was ready for this long, the next wait is {@code first} again
 */
record Backoff(Duration first, Duration longest) {
    static final Backoff USUAL = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(60));

    /**
     * The wait before the next start.
     *
     * @param last the wait before the process that has now ended; zero if that process was the first
     * @param ready how long that process was ready; zero if it never was
     */
    Duration next(Duration last, Duration ready) {
        if (last.isZero() || isLong(ready)) {
            return first;
        }
        Duration doubled = last.multipliedBy(2);
        return doubled.compareTo(longest) < 0 ? doubled : longest;
    }

    /** Whether a process that was ready for this long counts as one that works. */
    boolean isLong(Duration ready) {
        return ready.compareTo(longest) >= 0;
    }
}
