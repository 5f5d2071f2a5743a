package io.espalier.benchmarks.latency;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WaitTest {
    @Test
    void aTaskThatRunsBesideAnotherWaitsForNobody() {
        // Given
        List<TaskSpan> tasks = List.of(
                new TaskSpan("scorer", "score", 100, 130, 500),
                new TaskSpan("scorer", "score", 100, 200, 300),
                new TaskSpan("pruner", "prune", 560, 600, 900));

        // When
        List<Wait> waits = Wait.of(0, tasks, 950);

        // Then
        assertThat(waits)
                .containsExactly(
                        new Wait("request", "score", true, 100, 30),
                        new Wait("score", "prune", true, 60, 40),
                        new Wait("prune", "end", true, 50, 0));
    }

    @Test
    void aTaskWrittenBeforeTheLastOneEndedOnlyWaitsToBeTaken() {
        // Given
        List<TaskSpan> tasks =
                List.of(new TaskSpan("scorer", "score", 10, 20, 100), new TaskSpan("scorer", "score", 10, 104, 200));

        // When
        List<Wait> waits = Wait.of(0, tasks, 210);

        // Then
        assertThat(waits).contains(new Wait("score", "score", false, 0, 4));
    }
}
