package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.TaskResult;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScorerKilledFaultIT {
    @TempDir
    static Path folder;

    private static Stack stack;
    private static Outcome faultFree;

    @BeforeAll
    static void runWithoutFault() throws Exception {
        stack = Stack.start(Folders.of(folder), 2);
        stack.run(Requests.slowScoring("fault-free"));
        faultFree = Outcome.of(stack, "fault-free");
    }

    @AfterAll
    static void stop() {
        stack.close();
    }

    @BeforeEach
    void twoScorersWork() throws Exception {
        stack.ensureScorers(2);
    }

    @AfterEach
    void everyPromiseHolds() {
        new PipelineVerifier(stack).verifyWithCompletion();
    }

    @ParameterizedTest
    @CsvSource({"losses, collecting", "layer, scoring-layers"})
    void aScorerKilledWithATaskInHandChangesNothing(String task, String jobId) throws Exception {
        // Given
        PruneRequest request = Requests.slowScoring(jobId);
        stack.client().submit(request);

        // When
        TaskResult inHand = stack.killScorerWithTaskInHand(jobId, task);

        // Then
        JobEvent end = stack.awaitEnd(jobId);
        assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
        assertThat(Outcome.of(stack, jobId)).isEqualTo(faultFree);
        assertThat(stack.log().deadLetters()).isEmpty();
        assertThat(timesDone(jobId))
                .containsEntry(inHand.getTaskId(), 1L)
                .allSatisfy((id, times) -> assertThat(times).as(id).isEqualTo(1));
    }

    /** How many results each task of a job has. */
    private static Map<String, Long> timesDone(String jobId) {
        return stack.log().results(jobId).stream()
                .filter(result -> !result.hasProgress())
                .collect(Collectors.groupingBy(TaskResult::getTaskId, Collectors.counting()));
    }
}
