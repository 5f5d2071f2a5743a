package io.espalier.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MeterTest {
    @Test
    void tellsSpeedAndTimeLeftFromWhatIsDone() {
        // When
        Meter meter = new Meter("scorer", "collect-losses", "layers", 12, 48, 5300.4, Duration.ofSeconds(2));

        // Then
        assertThat(meter.line()).isEqualTo("scorer collect-losses 12/48 layers, 5,300 tokens/s, 6 s left");
    }

    @Test
    void promisesNoTimeBeforeAnythingIsDoneOrAfterAllIs() {
        // When
        Meter untouched = new Meter("pruner", "prune", "layers", 0, 6, 0, Duration.ofSeconds(2));
        Meter finished = new Meter("pruner", "prune", "layers", 6, 6, 0, Duration.ofSeconds(2));

        // Then
        assertThat(untouched.line()).isEqualTo("pruner prune 0/6 layers");
        assertThat(finished.line()).isEqualTo("pruner prune 6/6 layers");
    }

    @Test
    void longWaitsAreToldInMinutes() {
        // When
        Meter meter = new Meter("scorer", "score-layer", "tasks", 1, 11, 0, Duration.ofSeconds(60));

        // Then
        assertThat(meter.line()).endsWith("10 min left");
    }

    @Test
    void anActivityOfUnknownSizeIsNotBegun() {
        // When
        Meter meter = new Meter("scorer", "inspect", "tasks", 0, 0, 0, Duration.ZERO);

        // Then
        assertThat(meter.fraction()).isZero();
    }
}
