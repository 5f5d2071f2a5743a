package io.espalier.cli.view;

import static io.espalier.cli.view.SampleEvents.event;
import static io.espalier.cli.view.SampleEvents.insideTask;
import static io.espalier.cli.view.SampleEvents.taskDone;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.StageStarted;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProgressFoldTest {
    private final ProgressFold fold = new ProgressFold();

    @Test
    void countsTasksWhileNoTaskTellsWhatItCounts() {
        // When
        Meter meter = fold.after(taskDone("scorer", "score-layer", 2, 6, "layer-1", 1000))
                .orElseThrow();

        // Then
        assertThat(meter).isEqualTo(new Meter("scorer", "score-layer", "tasks", 2, 6, 0, Duration.ZERO));
    }

    @Test
    void addsUpWhatTasksDoAtTheSameTime() {
        // Given
        fold.after(insideTask(taskDone("scorer", "collect-losses", 1, 4, "draws-1", 0), "layers", 2, 6, 400));

        // When
        Meter meter = fold.after(
                        insideTask(taskDone("scorer", "collect-losses", 1, 4, "draws-2", 2000), "layers", 3, 6, 300))
                .orElseThrow();

        // Then
        assertThat(meter)
                .isEqualTo(new Meter("scorer", "collect-losses", "layers", 6 + 2 + 3, 24, 700, Duration.ofSeconds(2)));
    }

    @Test
    void aTaskThatHasOnlyStartedLeavesTheUnitToTheOthers() {
        // Given
        fold.after(insideTask(taskDone("scorer", "collect", 1, 4, "draws-1", 0), "layers", 2, 6, 400));

        // When
        Meter meter = fold.after(insideTask(taskDone("scorer", "collect", 1, 4, "draws-2", 2000), "", 0, 0, 0))
                .orElseThrow();

        // Then
        assertThat(meter.unit()).isEqualTo("layers");
    }

    @Test
    void aFinishedTaskNoLongerCountsAsOpen() {
        // Given
        fold.after(insideTask(taskDone("pruner", "prune", 0, 2, "a", 0), "layers", 5, 6, 100));

        // When
        Meter meter = fold.after(taskDone("pruner", "prune", 1, 2, "a", 10)).orElseThrow();

        // Then
        assertThat(meter.done()).isEqualTo(6);
        assertThat(meter.tokensPerSecond()).isZero();
    }

    @Test
    void aNewActivityStartsFromNothing() {
        // Given
        fold.after(insideTask(taskDone("scorer", "collect-losses", 3, 4, "draws", 0), "layers", 5, 6, 100));

        // When
        Meter meter =
                fold.after(taskDone("scorer", "score-layer", 0, 6, "", 5000)).orElseThrow();

        // Then
        assertThat(meter).isEqualTo(new Meter("scorer", "score-layer", "tasks", 0, 6, 0, Duration.ZERO));
    }

    @Test
    void eventsWithoutProgressMoveNoMeter() {
        // When
        var meter = fold.after(event("scorer", 0)
                .setStageStarted(StageStarted.getDefaultInstance())
                .build());

        // Then
        assertThat(meter).isEmpty();
    }
}
