package io.espalier.pipeline.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.ArtifactCommitted;
import io.espalier.v1.Calibration;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.Failure;
import io.espalier.v1.Job;
import io.espalier.v1.JobAccepted;
import io.espalier.v1.JobCancelled;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobState;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.StageProgress;
import io.espalier.v1.StageStarted;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class JobViewTest {
    private static final JobEvent ACCEPTED =
            event("scorer").setAccepted(JobAccepted.getDefaultInstance()).build();
    private static final JobEvent COMMITTED = event("pruner")
            .setArtifactCommitted(ArtifactCommitted.newBuilder().setOutput("small"))
            .build();

    @Test
    void aJobPassesThroughTheStatesOfItsStages() {
        List<JobEvent> events = List.of(
                ACCEPTED,
                event("scorer").setProgress(StageProgress.getDefaultInstance()).build(),
                event("pruner")
                        .setStageStarted(StageStarted.getDefaultInstance())
                        .build(),
                event("recoverer")
                        .setStageStarted(StageStarted.getDefaultInstance())
                        .build(),
                event("evaluator")
                        .setStageStarted(StageStarted.getDefaultInstance())
                        .build(),
                event("evaluator")
                        .setCompleted(EvaluationReport.getDefaultInstance())
                        .build());

        List<JobState> states = Stream.iterate(1, n -> n <= events.size(), n -> n + 1)
                .map(n -> fold(events.subList(0, n)).getState())
                .toList();

        assertThat(states)
                .containsExactly(
                        JobState.ACCEPTED,
                        JobState.SCORING,
                        JobState.PRUNING,
                        JobState.RECOVERING,
                        JobState.EVALUATING,
                        JobState.COMPLETED);
    }

    @Test
    void aRequestLargerThanPeopleWriteIsKeptInOutline() {
        PruneRequest large = PruneRequest.newBuilder()
                .setRequestId("large")
                .setModel("m".repeat(20_000))
                .setCalibration(Calibration.newBuilder().setText("t".repeat(10_000)))
                .build();

        JobEvent kept = JobView.kept(event("scorer")
                .setAccepted(JobAccepted.newBuilder().setRequest(large).setBy("vera"))
                .build());

        assertThat(kept.getSerializedSize()).isLessThan(1_000);
        assertThat(kept.getAccepted().getRequest().getRequestId()).isEqualTo("large");
        assertThat(kept.getAccepted().getBy()).isEqualTo("vera");
    }

    @Test
    void nothingChangesAJobThatHasEnded() {
        JobView cancelled = view(List.of(
                ACCEPTED,
                event("scorer").setCancelled(JobCancelled.getDefaultInstance()).build()));

        JobView later = cancelled.after(COMMITTED);

        assertThat(later).isEqualTo(cancelled);
    }

    @Test
    void anArtifactStaysThatOfAJobWhoseEvaluationFailed() {
        JobEvent failed =
                event("evaluator").setFailed(Failure.getDefaultInstance()).build();

        assertThat(fold(List.of(ACCEPTED, COMMITTED, failed)).getOutput()).isEqualTo("small");
    }

    @Test
    void anArtifactOfAnotherJobIsNotClaimedByOneWhoseCommitFailed() {
        JobEvent failed =
                event("pruner").setFailed(Failure.getDefaultInstance()).build();

        assertThat(fold(List.of(ACCEPTED, COMMITTED, failed)).getOutput()).isEmpty();
    }

    @Test
    void anEventOfAStageThatALaterVersionAddedLeavesTheStateAsItWas() {
        JobEvent recovering = event("a-later-stage")
                .setStageStarted(StageStarted.getDefaultInstance())
                .build();

        assertThat(fold(List.of(ACCEPTED, recovering)).getState()).isEqualTo(JobState.ACCEPTED);
    }

    private static Job fold(List<JobEvent> events) {
        return view(events).job();
    }

    private static JobView view(List<JobEvent> events) {
        JobView view = JobView.NONE;
        for (JobEvent event : events) {
            view = view.after(event);
        }
        return view;
    }

    private static JobEvent.Builder event(String stage) {
        return JobEvent.newBuilder().setJobId("job").setStage(stage);
    }
}
