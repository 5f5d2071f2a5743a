package io.espalier.cli.view;

import static io.espalier.cli.view.SampleEvents.event;
import static io.espalier.cli.view.SampleEvents.taskDone;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.Failure;
import io.espalier.v1.StageStarted;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressLinesTest {
    private final List<String> lines = new ArrayList<>();
    private final ProgressLines progress = new ProgressLines(lines::add);

    @Test
    void printsALineForEveryTenthOfAnActivityAndNoMore() {
        // When
        for (int done = 0; done <= 40; done++) {
            progress.show(taskDone("scorer", "score-layer", done, 40, "task-" + done, 0));
        }

        // Then
        assertThat(lines)
                .hasSize(11)
                .startsWith("scorer score-layer 0/40 tasks", "scorer score-layer 4/40 tasks, 1 s left")
                .endsWith("scorer score-layer 40/40 tasks");
    }

    @Test
    void tellsWhatHappensBesideProgress() {
        // When
        progress.show(event("scorer", 0)
                .setStageStarted(StageStarted.getDefaultInstance())
                .build());
        progress.show(event("scorer", 1)
                .setFailed(Failure.newBuilder().setCode("MODEL_NOT_FOUND").setMessage("no folder x"))
                .build());

        // Then
        assertThat(lines).containsExactly("scorer started", "failed in scorer, MODEL_NOT_FOUND: no folder x");
    }
}
