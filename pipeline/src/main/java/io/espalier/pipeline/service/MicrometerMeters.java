package io.espalier.pipeline.service;

import io.espalier.base.ErrorCode;
import io.espalier.pipeline.runtime.ProcessMemory;
import io.espalier.pipeline.telemetry.JobOutcome;
import io.espalier.pipeline.telemetry.MetricNames;
import io.espalier.pipeline.telemetry.StageMeters;
import io.espalier.pipeline.telemetry.TaskOutcome;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** {@link StageMeters} in a Micrometer registry. Every metric is there from the start, so that rates begin at zero. */
final class MicrometerMeters implements StageMeters {
    private static final Duration[] TASK_BUCKETS = seconds(0.1, 0.5, 1, 5, 15, 60, 300, 1800);
    private static final Duration[] STAGE_BUCKETS = seconds(1, 5, 15, 60, 300, 900, 3600, 14_400);

    private final MeterRegistry registry;
    private final Tags stage;
    private final Map<String, Integer> tasksWaiting = new ConcurrentHashMap<>();
    private final Map<String, Integer> jobsWaiting = new ConcurrentHashMap<>();
    private final Counter tokens;
    private final Timer stages;

    /** @param stageLabel value of the tag {@code stage} */
    MicrometerMeters(MeterRegistry registry, String stageLabel) {
        this.registry = registry;
        this.stage = Tags.of(MetricNames.STAGE, stageLabel);
        Gauge.builder(MetricNames.JOBS_WAITING, jobsWaiting, MicrometerMeters::sum)
                .tags(stage)
                .register(registry);
        Gauge.builder(MetricNames.TASKS_WAITING, tasksWaiting, MicrometerMeters::sum)
                .tags(stage)
                .register(registry);
        Gauge.builder(MetricNames.MEMORY_PEAK_BYTES, ProcessMemory::peakBytes)
                .tags(stage)
                .register(registry);
        this.tokens = counter(MetricNames.TOKENS, Tags.empty());
        this.stages = timer(MetricNames.STAGE_SECONDS, Tags.empty(), STAGE_BUCKETS);
        for (TaskOutcome outcome : TaskOutcome.values()) {
            tasks(outcome);
        }
        for (JobOutcome outcome : JobOutcome.values()) {
            jobs(outcome);
        }
        for (ErrorCode code : ErrorCode.values()) {
            failures(code.name());
        }
    }

    @Override
    public void tasksWaiting(String partition, int tasks) {
        tasksWaiting.put(partition, tasks);
    }

    @Override
    public void jobsWaiting(String partition, int jobs) {
        jobsWaiting.put(partition, jobs);
    }

    @Override
    public void taskEnded(String work, TaskOutcome outcome, Duration took) {
        tasks(outcome).increment();
        timer(MetricNames.TASK_SECONDS, Tags.of(MetricNames.WORK, work), TASK_BUCKETS)
                .record(took);
    }

    @Override
    public void tokens(long more) {
        tokens.increment((double) more);
    }

    @Override
    public void stageEnded(Duration took) {
        stages.record(took);
    }

    @Override
    public void jobEnded(JobOutcome outcome) {
        jobs(outcome).increment();
    }

    @Override
    public void failed(String code) {
        failures(code).increment();
    }

    private Counter tasks(TaskOutcome outcome) {
        return counter(MetricNames.TASKS, Tags.of(MetricNames.OUTCOME, outcome.label()));
    }

    private Counter jobs(JobOutcome outcome) {
        return counter(MetricNames.JOBS, Tags.of(MetricNames.OUTCOME, outcome.label()));
    }

    private Counter failures(String code) {
        return counter(MetricNames.FAILURES, Tags.of(MetricNames.CODE, code));
    }

    private Counter counter(String name, Tags tags) {
        return Counter.builder(name).tags(stage.and(tags)).register(registry);
    }

    private Timer timer(String name, Tags tags, Duration[] buckets) {
        return Timer.builder(name)
                .tags(stage.and(tags))
                .serviceLevelObjectives(buckets)
                .register(registry);
    }

    private static double sum(Map<String, Integer> counts) {
        return counts.values().stream().mapToInt(Integer::intValue).sum();
    }

    private static Duration[] seconds(double... bounds) {
        Duration[] durations = new Duration[bounds.length];
        for (int i = 0; i < bounds.length; i++) {
            durations[i] = Duration.ofMillis((long) (bounds[i] * 1000));
        }
        return durations;
    }
}
