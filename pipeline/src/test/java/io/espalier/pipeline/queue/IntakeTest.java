package io.espalier.pipeline.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.WorkerBeat;
import io.espalier.v1.WorkerState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IntakeTest {
    private final Intake intake = new Intake(Duration.ofSeconds(5));
    private final List<WorkerState> told = new ArrayList<>();

    IntakeTest() {
        intake.watch(() -> told.add(intake.state()));
    }

    @Test
    void aPausedWorkerTakesNoTasksUntilItIsResumed() throws InterruptedException {
        // Given
        intake.awaitOpen();

        // When
        intake.pause();

        // Then
        assertThat(intake.isOpen()).isFalse();
        intake.resume();
        assertThat(intake.isOpen()).isTrue();
        assertThat(told).containsExactly(WorkerState.PAUSED, WorkerState.READY);
    }

    @Test
    void aWorkerIsDrainedOnlyOnceItHasLeftItsGroup() throws InterruptedException {
        // Given
        intake.awaitOpen();
        intake.drain();

        // When
        intake.left();

        // Then
        assertThat(told).containsExactly(WorkerState.DRAINING, WorkerState.DRAINED);
    }

    @Test
    void aDrainedWorkerCanBeResumed() throws InterruptedException {
        // Given
        intake.awaitOpen();
        intake.drain();
        intake.left();

        // When
        intake.resume();

        // Then
        assertThat(intake.awaitOpen()).isTrue();
        assertThat(intake.state()).isEqualTo(WorkerState.READY);
    }

    @Test
    void aClosedWorkerNeverTakesTasksAgain() throws InterruptedException {
        // Given
        intake.close();

        // When
        intake.resume();

        // Then
        assertThat(intake.awaitOpen()).isFalse();
    }

    @Test
    void theSameWishTwiceIsToldOnce() {
        // Given
        intake.pause();

        // When
        intake.pause();

        // Then
        assertThat(told).containsExactly(WorkerState.PAUSED);
    }

    @Test
    void aBeatBetweenTasksHasNone() {
        // When
        WorkerBeat beat = intake.describe(WorkerBeat.newBuilder()).build();

        // Then
        assertThat(beat.getState()).isEqualTo(WorkerState.READY);
        assertThat(beat.hasTask()).isFalse();
    }
}
