package io.espalier.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Duration NEVER_READY = Duration.ZERO;

    private final Backoff backoff = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(60));

    @Test
    void theWaitDoublesUpToTheLongest() {
        // When
        List<Duration> waits = new ArrayList<>();
        Duration wait = Duration.ZERO;
        for (int end = 0; end < 9; end++) {
            wait = backoff.next(wait, NEVER_READY);
            waits.add(wait);
        }

        // Then
        assertThat(waits).extracting(Duration::toSeconds).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L);
    }

    @Test
    void aServiceThatWasReadyForAWhileBeginsAgain() {
        // When
        Duration wait = backoff.next(Duration.ofSeconds(32), Duration.ofSeconds(60));

        // Then
        assertThat(wait).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void aServiceThatWasReadyOnlyBrieflyWaitsLonger() {
        // When
        Duration wait = backoff.next(Duration.ofSeconds(32), Duration.ofSeconds(59));

        // Then
        assertThat(wait).isEqualTo(Duration.ofSeconds(60));
    }
}
