package io.espalier.cli.stack;

import java.time.Duration;

/**
 * How long a service that ended waits until it is started again: twice as long each time, so that one that cannot start
 * does not keep the machine busy.
 *
 * @param first the wait after the first end
 * @param longest the wait grows up to this; a service that was ready for as long begins with the first wait again
 */
record Backoff(Duration first, Duration longest) {
    static final Backoff USUAL = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(60));

    /**
     * The wait before the next start.
     *
     * @param last the wait before the process that has ended; zero if it was the first
     * @param ready how long that process was ready; zero if it never was
     */
    Duration next(Duration last, Duration ready) {
        if (last.isZero() || ready.compareTo(longest) >= 0) {
            return first;
        }
        Duration doubled = last.multipliedBy(2);
        return doubled.compareTo(longest) < 0 ? doubled : longest;
    }
}
