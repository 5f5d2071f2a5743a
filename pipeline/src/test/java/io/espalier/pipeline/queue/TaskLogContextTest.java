package io.espalier.pipeline.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.v1.ScoreLayerWork;
import io.espalier.v1.Task;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class TaskLogContextTest {
    private static final Task TASK = Task.newBuilder()
            .setJobId("job-1")
            .setTaskId("layer-3")
            .setScoreLayer(ScoreLayerWork.newBuilder().setLayer(3))
            .build();

    @Test
    void whatIsLoggedAboutATaskNamesItsJobLayerAndWorker() {
        // When
        Map<String, String> keys = TaskLogContext.about(TASK, "scorer-1", MDC::getCopyOfContextMap);

        // Then
        assertThat(keys)
                .containsEntry("job", "job-1")
                .containsEntry("task", "layer-3")
                .containsEntry("layer", "3")
                .containsEntry("worker", "scorer-1");
    }

    @Test
    void whatIsLoggedAfterATaskThatBrokeDoesNotNameIt() {
        assertThatThrownBy(() -> TaskLogContext.about(TASK, "scorer-1", () -> {
                    throw new IllegalStateException("broken");
                }))
                .hasMessage("broken");

        assertThat(MDC.get("job")).isNull();
    }
}
