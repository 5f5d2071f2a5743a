package io.espalier.cli.view;

import static io.espalier.cli.view.SampleEvents.event;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Timestamps;
import io.espalier.v1.Failure;
import io.espalier.v1.Job;
import io.espalier.v1.JobCancelled;
import io.espalier.v1.JobState;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.StageProgress;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobTextTest {
    private static final Job RUNNING = Job.newBuilder()
            .setJobId("job-1")
            .setState(JobState.SCORING)
            .setAcceptedAt(Timestamps.fromMillis(1_767_225_600_123L))
            .setUpdatedAt(Timestamps.fromMillis(1_767_225_601_999L))
            .setRequest(PruneRequest.newBuilder().setModel("llama"))
            .setProgress(StageProgress.newBuilder()
                    .setActivity("score-layer")
                    .setTasksDone(2)
                    .setTasksTotal(6))
            .build();

    @Test
    void theListHasALinePerJobWithItsStateAndWhatMatters() {
        // Given
        Job failed = Job.newBuilder()
                .setJobId("job-2")
                .setState(JobState.FAILED)
                .setAcceptedAt(Timestamps.fromMillis(1_767_225_600_000L))
                .setFailure(Failure.newBuilder().setCode("MODEL_CORRUPT").setMessage("tensor x overlaps tensor y"))
                .build();
        Job completed = Job.newBuilder()
                .setJobId("job-3")
                .setState(JobState.COMPLETED)
                .setAcceptedAt(Timestamps.fromMillis(1_767_225_600_000L))
                .setEvaluation(SampleEvents.report())
                .build();

        // When
        String table = JobText.table(List.of(RUNNING, failed, completed));

        // Then
        assertThat(table.lines())
                .containsExactly(
                        "JOB                                  STATE       ACCEPTED",
                        "job-1                                SCORING     2026-01-01T00:00:00Z score-layer 2/6 tasks",
                        "job-2                                FAILED      2026-01-01T00:00:00Z MODEL_CORRUPT: tensor x"
                                + " overlaps tensor y",
                        "job-3                                COMPLETED   2026-01-01T00:00:00Z perplexity 12.50 → 15.00,"
                                + " parameters × 0.75");
    }

    @Test
    void anEmptyListSaysSo() {
        assertThat(JobText.table(List.of())).isEqualTo("no jobs yet");
    }

    @Test
    void theCardLeavesOutWhatIsNotKnownYet() {
        // When
        String card = JobText.card(RUNNING);

        // Then
        assertThat(card.lines())
                .containsExactly(
                        "job       job-1",
                        "state     SCORING",
                        "accepted  2026-01-01T00:00:00Z",
                        "updated   2026-01-01T00:00:01Z",
                        "model     llama",
                        "note      score-layer 2/6 tasks");
    }

    @Test
    void aCancelledJobTellsWhereAndWhy() {
        // When
        String line = JobText.event(event("pruner", 0)
                .setCancelled(JobCancelled.newBuilder().setReason("wrong model"))
                .build());

        // Then
        assertThat(line).isEqualTo("cancelled in pruner: wrong model");
    }
}
