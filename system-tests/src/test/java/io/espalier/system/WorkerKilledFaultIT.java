package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.TaskResult;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerKilledFaultIT {
    @TempDir
    static Path folder;

    private static Stack stack;

    @BeforeAll
    static void runWithoutFault() throws Exception {
        stack = Stack.start(Folders.of(folder), 2);
        stack.run(Requests.slowScoring("scoring-fault-free"));
        stack.run(Requests.slowPruning("pruning-fault-free"));
    }

    @AfterAll
    static void stop() {
        stack.close();
    }

    @BeforeEach
    void twoScorersWork() throws Exception {
        stack.ensure("scorer", 2);
    }

    @AfterEach
    void everyPromiseHolds() {
        new PipelineVerifier(stack).verifyWithCompletion();
    }

    @ParameterizedTest
    @CsvSource({"losses, collecting", "layer, scoring-layers"})
    void aScorerKilledWithATaskInHandLeavesItToTheOther(String task, String jobId) throws Exception {
        // Given
        stack.client().submit(Requests.slowScoring(jobId));

        // When
        TaskResult inHand = stack.killWorkerWithTaskInHand("scorer", jobId, task);

        // Then
        assertEndsAs("scoring-fault-free", jobId, inHand);
    }

    @Test
    void theOnlyPrunerKilledInTheMiddleIsContinuedByItsSuccessor() throws Exception {
        // Given
        stack.client().submit(Requests.slowPruning("pruning"));
        TaskResult inHand = stack.killWorkerWithTaskInHand("pruner", "pruning", "prune");

        // When
        stack.ensure("pruner", 1);

        // Then
        assertEndsAs("pruning-fault-free", "pruning", inHand);
    }

    /** The same bytes, nothing given up, and no task finished twice. */
    private static void assertEndsAs(String faultFree, String jobId, TaskResult inHand) {
        JobEvent end = stack.awaitEnd(jobId);
        assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
        assertThat(Outcome.of(stack, jobId)).isEqualTo(Outcome.of(stack, faultFree));
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
