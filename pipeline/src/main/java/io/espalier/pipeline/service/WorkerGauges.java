package io.espalier.pipeline.service;

import io.espalier.pipeline.runtime.StageRuntime;
import io.espalier.pipeline.telemetry.MetricNames;
import io.espalier.v1.WorkerBeat;
import io.espalier.v1.WorkerState;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/** What is read off the running worker when metrics are asked for, and what Kafka Streams measures itself. */
final class WorkerGauges {
    private static final Set<WorkerState> STATES =
            EnumSet.of(WorkerState.READY, WorkerState.PAUSED, WorkerState.DRAINING, WorkerState.DRAINED);

    private WorkerGauges() {}

    /** @param stageLabel value of the tag {@code stage} */
    static void register(MeterRegistry registry, String stageLabel, StageRuntime worker) {
        Tags stage = Tags.of(MetricNames.STAGE, stageLabel);
        gauge(registry, MetricNames.TASKS_RUNNING, stage, worker, WorkerBeat::hasTask);
        for (WorkerState state : STATES) {
            gauge(
                    registry,
                    MetricNames.WORKER_STATE,
                    stage.and(MetricNames.STATE, state.name().toLowerCase(Locale.ROOT)),
                    worker,
                    beat -> beat.getState() == state);
        }
        new KafkaStreamsMetrics(worker.streams(), stage).bindTo(registry);
    }

    private static void gauge(
            MeterRegistry registry, String name, Tags tags, StageRuntime worker, Predicate<WorkerBeat> holds) {
        Gauge.builder(name, worker, running -> holds.test(running.beat()) ? 1 : 0)
                .tags(tags)
                .register(registry);
    }
}
