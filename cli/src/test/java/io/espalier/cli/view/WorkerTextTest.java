package io.espalier.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.espalier.v1.KnownWorker;
import io.espalier.v1.TaskInHand;
import io.espalier.v1.TaskProgress;
import io.espalier.v1.WorkerBeat;
import io.espalier.v1.WorkerState;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkerTextTest {
    private static final KnownWorker WORKING = KnownWorker.newBuilder()
            .setLastBeat(WorkerBeat.newBuilder()
                    .setWorkerId("scorer-1")
                    .setService("scorer")
                    .setVersion("0.1.0")
                    .setHost("machine-1")
                    .setDevice("cpu")
                    .setThreads(2)
                    .setMemoryPeakBytes(544_313_344)
                    .setMemoryLimitBytes(25_276_063_744L)
                    .setState(WorkerState.READY)
                    .setTask(TaskInHand.newBuilder()
                            .setJobId("job-1")
                            .setTaskId("losses-0-2")
                            .setSince(Timestamps.fromMillis(1_767_225_600_123L))
                            .setProgress(TaskProgress.newBuilder()
                                    .setUnit("layers")
                                    .setDone(2)
                                    .setTotal(6))))
            .setAge(Durations.fromMillis(1_900))
            .build();

    @Test
    void theListHasALinePerWorkerWithItsStateAndItsTask() {
        // Given
        KnownWorker lost = KnownWorker.newBuilder()
                .setLastBeat(WorkerBeat.newBuilder()
                        .setWorkerId("pruner-1")
                        .setService("pruner")
                        .setState(WorkerState.PAUSED))
                .setAge(Durations.fromSeconds(95))
                .setLost(true)
                .build();

        // When
        String table = WorkerText.table(List.of(lost, WORKING));

        // Then
        assertThat(table.lines())
                .containsExactly(
                        "WORKER                       SERVICE    STATE      HEARD      PEAK  TASK",
                        "pruner-1                     pruner     lost        95 s         –",
                        "scorer-1                     scorer     ready        1 s   519 MiB  losses-0-2 of job-1, 2/6 layers");
    }

    @Test
    void theCardHasEverythingAWorkerSaid() {
        assertThat(WorkerText.card(WORKING).lines())
                .containsExactly(
                        "worker    scorer-1",
                        "service   scorer 0.1.0",
                        "state     ready",
                        "heard     1 s ago",
                        "host      machine-1",
                        "device    cpu",
                        "threads   2",
                        "memory    519 MiB at most, of 24,105 MiB",
                        "task      losses-0-2 of job-1, 2/6 layers",
                        "since     2026-01-01T00:00:00Z");
    }

    @Test
    void anEmptyListSaysSo() {
        assertThat(WorkerText.table(List.of())).isEqualTo("no workers");
    }
}
