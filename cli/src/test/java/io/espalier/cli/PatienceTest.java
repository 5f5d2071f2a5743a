package io.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class PatienceTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final List<String> said = new CopyOnWriteArrayList<>();

    @Test
    void aWaitThatGoesOnIsAnnouncedWithItsLimit() {
        // Given
        Patience patience = new Patience(MINUTE, Duration.ofMillis(1), said::add);

        // When
        try (Patience.Wait wait = patience.waitFor("the broker")) {

            // Then
            Awaitility.await().untilAsserted(() -> assertThat(said)
                    .containsExactly("waiting for the broker, at most 60 s (--timeout)"));
        }
    }

    @Test
    void aWaitThatEndsSoonIsNotAnnounced() {
        // Given
        Patience patience = new Patience(MINUTE, MINUTE, said::add);

        // When
        patience.waitFor("the broker").close();

        // Then
        assertThat(said).isEmpty();
    }
}
