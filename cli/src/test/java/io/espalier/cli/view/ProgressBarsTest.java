package io.espalier.cli.view;

import static io.espalier.cli.view.SampleEvents.event;
import static io.espalier.cli.view.SampleEvents.insideTask;
import static io.espalier.cli.view.SampleEvents.taskDone;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.ArtifactCommitted;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressBarsTest {
    @Test
    void drawsOneBarPerActivityUpToItsEnd() {
        // Given
        ByteArrayOutputStream terminal = new ByteArrayOutputStream();
        ProgressBars bars = new ProgressBars(new PrintStream(terminal, true, StandardCharsets.UTF_8));

        // When
        bars.show(taskDone("pruner", "prune", 0, 1, "", 0));
        bars.show(insideTask(taskDone("pruner", "prune", 0, 1, "prune", 0), "layers", 3, 6, 5000));
        bars.show(taskDone("pruner", "prune", 1, 1, "prune", 10));
        bars.show(event("pruner", 11)
                .setArtifactCommitted(ArtifactCommitted.newBuilder().setOutput("smaller"))
                .build());
        bars.show(taskDone("evaluator", "evaluate", 0, 1, "evaluate", 20));
        bars.close();

        // Then
        assertThat(terminal.toString(StandardCharsets.UTF_8))
                .contains("pruner prune", "6/6 (", "layers", "pruner committed artifact smaller", "evaluator evaluate");
    }
}
