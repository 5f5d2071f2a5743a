package io.espalier.pipeline.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Timestamps;
import io.espalier.v1.KnownWorker;
import io.espalier.v1.WorkerBeat;
import io.espalier.v1.WorkerState;
import org.junit.jupiter.api.Test;

class WorkerRollTest {
    private static final long NOW = 1_767_225_600_000L;

    private final WorkerRoll roll = new WorkerRoll();

    @Test
    void workersAreListedByServiceAndThenById() {
        // Given
        beat("b", "scorer", NOW);
        beat("a", "scorer", NOW);
        beat("z", "pruner", NOW);

        // When
        var workers = roll.workers(NOW);

        // Then
        assertThat(workers)
                .extracting(worker -> worker.getLastBeat().getWorkerId())
                .containsExactly("z", "a", "b");
    }

    @Test
    void theNewestBeatIsWhatAWorkerIs() {
        // Given
        beat("a", "scorer", NOW);
        roll.hear(
                "a", beatOf("a", "scorer", NOW + 1).setState(WorkerState.PAUSED).build());

        // When
        KnownWorker worker = roll.worker("a", NOW + 1_001).orElseThrow();

        // Then
        assertThat(worker.getLastBeat().getState()).isEqualTo(WorkerState.PAUSED);
        assertThat(worker.getAge().getSeconds()).isEqualTo(1);
        assertThat(worker.getLost()).isFalse();
    }

    @Test
    void aWorkerIsLostAfterMoreThanTwentySecondsOfSilence() {
        // Given
        beat("kept", "scorer", NOW - 20_000);
        beat("lost", "scorer", NOW - 20_001);

        // When
        var workers = roll.workers(NOW);

        // Then
        assertThat(workers).extracting(KnownWorker::getLost).containsExactly(false, true);
    }

    @Test
    void aWorkerThatSaidGoodbyeIsForgotten() {
        // Given
        beat("a", "scorer", NOW);

        // When
        roll.hear("a", null);

        // Then
        assertThat(roll.worker("a", NOW)).isEmpty();
    }

    @Test
    void aWorkerThatDiedIsForgottenAfterADay() {
        // Given
        beat("a", "scorer", NOW);

        // When
        var nextDay = roll.workers(NOW + 24 * 3_600_000 + 1);

        // Then
        assertThat(nextDay).isEmpty();
    }

    @Test
    void aBeatFromAClockAheadOfOursIsNew() {
        // Given
        beat("a", "scorer", NOW + 3_000);

        // When
        KnownWorker worker = roll.worker("a", NOW).orElseThrow();

        // Then
        assertThat(worker.getAge().getSeconds()).isZero();
        assertThat(worker.getLost()).isFalse();
    }

    private void beat(String workerId, String service, long at) {
        roll.hear(workerId, beatOf(workerId, service, at).build());
    }

    private static WorkerBeat.Builder beatOf(String workerId, String service, long at) {
        return WorkerBeat.newBuilder().setWorkerId(workerId).setService(service).setAt(Timestamps.fromMillis(at));
    }
}
