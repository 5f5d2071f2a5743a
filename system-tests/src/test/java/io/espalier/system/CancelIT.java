package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.TaskProgress;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class CancelIT extends SoundStack {
    @Test
    void aCancelThatComesBeforeItsRequestIsRemembered() {
        // Given
        stack.client().cancel("early", "changed my mind");

        // When
        JobEvent end = stack.run(Requests.small("early"));

        // Then
        assertCancelled(end, "scorer");
        assertThat(end.getCancelled().getReason()).isEqualTo("changed my mind");
        assertThat(artifact("early")).doesNotExist();
    }

    @Test
    void aCancelThroughAnotherStageStopsScoring() {
        // Given
        PruneRequest request = Requests.slowScoring("scoring");
        submitAndAwait(request, JobEvent::hasProgress);

        // When
        try (ControlClient control = ControlClient.of(stack.service("evaluator"))) {
            Awaitility.await().atMost(Stack.LIMIT).until(() -> isKnown(control, "scoring"));
            control.cancel("scoring", "not needed");
        }

        // Then
        assertCancelled(stack.awaitEnd("scoring"), "scorer");
        assertThat(artifact("scoring")).doesNotExist();
    }

    private static boolean isKnown(ControlClient control, String jobId) {
        return control.jobs(50).stream().anyMatch(job -> job.getJobId().equals(jobId));
    }

    @Test
    void aCancelDuringPruningLeavesNoArtifact() {
        // Given
        PruneRequest request = Requests.slowPruning("pruning");
        submitAndAwait(
                request, event -> event.hasStageStarted() && event.getStage().equals("pruner"));

        // When
        stack.client().cancel("pruning", "not needed");

        // Then
        assertCancelled(stack.awaitEnd("pruning"), "pruner");
        assertThat(artifact("pruning")).doesNotExist();
    }

    @Test
    void aCancelAfterTheCommitKeepsTheArtifact() {
        // Given
        PruneRequest request = Requests.slowEvaluation("committing");
        submitAndAwait(request, JobEvent::hasArtifactCommitted);

        // When
        stack.client().cancel("committing", "not needed");

        // Then
        assertThat(stack.awaitEnd("committing").getEventCase()).isEqualTo(EventCase.CANCELLED);
        assertThat(artifact("committing")).isDirectory();
    }

    @Test
    void aCancelDuringEvaluationKeepsTheArtifact() {
        // Given
        PruneRequest request = Requests.slowEvaluation("evaluating");
        submitAndAwait(
                request, event -> event.hasStageStarted() && event.getStage().equals("evaluator"));

        // When
        stack.client().cancel("evaluating", "not needed");

        // Then
        assertCancelled(stack.awaitEnd("evaluating"), "evaluator");
        assertThat(artifact("evaluating")).isDirectory();
    }

    @Test
    void aCancelReachesAWorkerThatMeasuresWithoutTheUnitsOfAScoreSet() throws Exception {
        // Given
        PruneRequest.Builder request = Requests.slowEvaluation("slicing").toBuilder();
        request.getScoringBuilder().setCriterion("fms").setControls("perplexity");
        submitAndAwait(request.build(), event -> event.getStage().equals("evaluator") && isBehindBothModels(event));

        // When
        stack.client().cancel("slicing", "not needed");

        // Then
        assertCancelled(stack.awaitEnd("slicing"), "evaluator");
        stack.services().awaitLogged("evaluator", "task left job=slicing");
    }

    /** Of dense, pruned and three score sets, the first two are done. */
    private static boolean isBehindBothModels(JobEvent event) {
        TaskProgress task = event.getProgress().getTask();
        return task.getTotal() > 0 && 5 * task.getDone() > 2 * task.getTotal();
    }

    @Test
    void aCancelAfterTheEndChangesNothing() {
        // Given
        stack.run(Requests.small("ended"));

        // When
        stack.client().cancel("ended", "too late");

        // Then
        stack.run(Requests.small("afterwards"));
        assertThat(stack.log().terminalEvents("ended"))
                .extracting(JobEvent::getEventCase)
                .containsExactly(EventCase.COMPLETED);
        assertThat(artifact("ended")).isDirectory();
    }

    @Test
    void aSecondCancelChangesNothing() {
        // Given
        PruneRequest request = Requests.slowScoring("twice");
        submitAndAwait(request, JobEvent::hasProgress);
        stack.client().cancel("twice", "first");

        // When
        stack.client().cancel("twice", "second");

        // Then
        JobEvent end = stack.awaitEnd("twice");
        stack.run(Requests.small("after-twice"));
        assertCancelled(end, "scorer");
        assertThat(stack.log().terminalEvents("twice")).containsExactly(end);
        assertThat(end.getCancelled().getReason()).isEqualTo("first");
    }

    private static void submitAndAwait(PruneRequest request, Predicate<JobEvent> moment) {
        stack.client().submit(request);
        stack.awaitEvent(request.getRequestId(), moment);
    }

    private static void assertCancelled(JobEvent end, String stage) {
        assertThat(end.getEventCase()).isEqualTo(EventCase.CANCELLED);
        assertThat(end.getStage()).isEqualTo(stage);
    }

    private static Path artifact(String jobId) {
        return stack.folders().artifacts().resolve(jobId);
    }
}
