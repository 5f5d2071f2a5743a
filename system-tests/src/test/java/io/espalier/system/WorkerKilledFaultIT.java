package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.TaskResult;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerKilledFaultIT extends FaultStack {
    @ParameterizedTest
    @CsvSource({"losses, collecting", "layer, scoring-layers"})
    void aScorerKilledWithATaskInHandLeavesItToTheOther(String task, String jobId) throws Exception {
        // Given
        Outcome faultFree = faultFree("fault-free-scoring", Requests::slowScoring);
        stack.client().submit(Requests.slowScoring(jobId));

        // When
        TaskResult inHand = stack.killWorkerWithTaskInHand("scorer", jobId, task);

        // Then
        assertEndsAs(faultFree, jobId, inHand);
    }

    @Test
    void aScorerKilledInAPassThatCannotBeSplitHandsItsPositionOn() throws Exception {
        // Given
        Outcome faultFree = faultFree("fault-free-chain", Requests::slowChain);
        stack.client().submit(Requests.slowChain("chain"));

        // When
        TaskResult inHand = stack.killWorkerWithTaskInHand("scorer", "chain", "chain");

        // Then
        assertEndsAs(faultFree, "chain", inHand);
    }

    @ParameterizedTest
    @CsvSource({"pruner, prune", "pruner, price", "recoverer, distil", "evaluator, evaluate"})
    void theOnlyWorkerOfAStageKilledInTheMiddleIsContinuedByItsSuccessor(String stage, String task) throws Exception {
        // Given
        Function<String, PruneRequest> slow =
                switch (task) {
                    case "prune" -> Requests::slowPruning;
                    case "price" -> Requests::slowSearch;
                    case "distil" -> Requests::slowRecovery;
                    default -> Requests::slowEvaluation;
                };
        String job = "only-" + task;
        Outcome faultFree = faultFree("fault-free-" + task, slow);
        stack.client().submit(slow.apply(job));
        TaskResult inHand = stack.killWorkerWithTaskInHand(stage, job, task);

        // When
        stack.services().ensure(stage, 1);

        // Then
        assertEndsAs(faultFree, job, inHand);
    }

    @Test
    void aScorerFrozenUntilItsTaskIsDoneByTheOtherComesTooLateWithItsResult() throws Exception {
        // Given
        Outcome faultFree = faultFree("fault-free-scoring", Requests::slowScoring);
        stack.client().submit(Requests.slowScoring("zombie"));
        TaskResult inHand = stack.freezeWorkerWithTaskInHand("scorer", "zombie", "losses");
        stack.awaitEnd("zombie");

        // When
        Services.unfreeze(stack.services().named(inHand.getWorker()));

        // Then
        stack.run(Requests.slowScoring("after-the-zombie"));
        assertEndsAs(faultFree, "zombie", inHand);
        assertThat(Outcome.of(stack, "after-the-zombie")).isEqualTo(faultFree);
    }

    /** The same bytes, nothing given up, and no task finished twice. */
    private static void assertEndsAs(Outcome faultFree, String jobId, TaskResult inHand) {
        JobEvent end = stack.awaitEnd(jobId);
        assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
        assertThat(Outcome.of(stack, jobId)).isEqualTo(faultFree);
        assertThat(stack.log().deadLetters()).isEmpty();
        assertThat(timesDone(jobId))
                .containsKey(inHand.getTaskId())
                .allSatisfy((task, times) -> assertThat(times).as(task).isEqualTo(1));
    }

    /** How many results each task of a job has. */
    private static Map<String, Long> timesDone(String jobId) {
        return stack.log().results(jobId).stream()
                .filter(result -> !result.hasProgress())
                .collect(Collectors.groupingBy(TaskResult::getTaskId, Collectors.counting()));
    }
}
