package io.espalier.pipeline.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.pipeline.telemetry.JobOutcome;
import io.espalier.pipeline.telemetry.MetricNames;
import io.espalier.pipeline.telemetry.TaskOutcome;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class MicrometerMetersTest {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final MicrometerMeters meters = new MicrometerMeters(registry, "scorer");

    @Test
    void prometheusSpellsEveryMetricAsItIsNamed() {
        // When
        meters.taskEnded("score-layer", TaskOutcome.DONE, Duration.ofSeconds(2));

        // Then
        assertThat(registry.scrape())
                .contains(
                        MetricNames.TASKS_WAITING + "{stage=\"scorer\",} 0.0",
                        MetricNames.TASKS + "{outcome=\"done\",stage=\"scorer\",} 1.0",
                        MetricNames.TASKS + "{outcome=\"given_back\",stage=\"scorer\",} 0.0",
                        MetricNames.TASK_SECONDS + "_count{stage=\"scorer\",work=\"score-layer\",} 1.0",
                        MetricNames.TASK_SECONDS + "_sum{stage=\"scorer\",work=\"score-layer\",} 2.0",
                        MetricNames.STAGE_SECONDS + "_count{stage=\"scorer\",} 0.0",
                        MetricNames.JOBS + "{outcome=\"cancelled\",stage=\"scorer\",} 0.0",
                        MetricNames.TOKENS + "{stage=\"scorer\",} 0.0",
                        MetricNames.MEMORY_PEAK_BYTES + "{stage=\"scorer\",}",
                        MetricNames.FAILURES + "{code=\"WORKER_LOST\",stage=\"scorer\",} 0.0");
    }

    @Test
    void everyMetricTellsWhatItCounts() {
        // Given
        PrometheusMeterRegistry helpful = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        helpful.config().meterFilter(new MeterHelp());

        // When
        new MicrometerMeters(helpful, "scorer").taskEnded("score-layer", TaskOutcome.DONE, Duration.ofSeconds(2));

        // Then
        assertThat(helpful.scrape().lines().filter(line -> line.startsWith("# HELP espalier_")))
                .hasSize(11)
                .allSatisfy(line -> assertThat(line).matches("# HELP \\S+ \\S.*"));
    }

    @Test
    void waitingTasksAreThoseOfAllPartitionsOfThisReplica() {
        // Given
        meters.tasksWaiting("0_0", 3);
        meters.tasksWaiting("0_1", 4);

        // When
        meters.tasksWaiting("0_0", 0);

        // Then
        assertThat(registry.get(MetricNames.TASKS_WAITING).gauge().value()).isEqualTo(4);
    }

    @Test
    void jobsAndStagesAreCountedAsTheyEnd() {
        // When
        meters.jobEnded(JobOutcome.FAILED);
        meters.failed("MODEL_CORRUPT");
        meters.stageEnded(Duration.ofSeconds(7));

        // Then
        assertThat(registry.scrape())
                .contains(
                        MetricNames.JOBS + "{outcome=\"failed\",stage=\"scorer\",} 1.0",
                        MetricNames.FAILURES + "{code=\"MODEL_CORRUPT\",stage=\"scorer\",} 1.0",
                        MetricNames.STAGE_SECONDS + "_sum{stage=\"scorer\",} 7.0");
    }
}
