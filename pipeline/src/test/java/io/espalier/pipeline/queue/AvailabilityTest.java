package io.espalier.pipeline.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.WorkerBeat;
import io.espalier.v1.WorkerState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AvailabilityTest {
    private final Availability availability = new Availability(Duration.ofSeconds(5));
    private final List<WorkerState> told = new ArrayList<>();

    AvailabilityTest() {
        availability.watch(() -> told.add(availability.state()));
    }

    @Test
    void aPausedWorkerTakesNoTasksUntilItIsResumed() throws InterruptedException {
        // Given
        availability.awaitOpen();

        // When
        availability.pause();

        // Then
        assertThat(availability.isOpen()).isFalse();
        availability.resume();
        assertThat(availability.isOpen()).isTrue();
        assertThat(told).containsExactly(WorkerState.PAUSED, WorkerState.READY);
    }

    @Test
    void aWorkerIsDrainedOnlyOnceItHasLeftItsGroup() throws InterruptedException {
        // Given
        availability.awaitOpen();
        availability.drain();

        // When
        availability.left();

        // Then
        assertThat(told).containsExactly(WorkerState.DRAINING, WorkerState.DRAINED);
    }

    @Test
    void aDrainedWorkerCanBeResumed() throws InterruptedException {
        // Given
        availability.awaitOpen();
        availability.drain();
        availability.left();

        // When
        availability.resume();

        // Then
        assertThat(availability.awaitOpen()).isTrue();
        assertThat(availability.state()).isEqualTo(WorkerState.READY);
    }

    @Test
    void aClosedWorkerNeverTakesTasksAgain() throws InterruptedException {
        // Given
        availability.close();

        // When
        availability.resume();

        // Then
        assertThat(availability.awaitOpen()).isFalse();
    }

    @Test
    void theSameWishTwiceIsToldOnce() {
        // Given
        availability.pause();

        // When
        availability.pause();

        // Then
        assertThat(told).containsExactly(WorkerState.PAUSED);
    }

    @Test
    void aBeatBetweenTasksHasNone() {
        // When
        WorkerBeat beat = availability.describe(WorkerBeat.newBuilder()).build();

        // Then
        assertThat(beat.getState()).isEqualTo(WorkerState.READY);
        assertThat(beat.hasTask()).isFalse();
    }
}
