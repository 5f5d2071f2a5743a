package io.espalier.pipeline.stage;

import io.espalier.pipeline.telemetry.Telemetry;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import java.util.Objects;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams around {@link JobFold}: every input of a job meets its state on one partition, and state, tasks, facts
 * and events are written in one transaction (exactly_once_v2).
 *
 * <pre>
 *   outside ─▶ intake ─▶ input topic      (a stage that declares an intake)
 *   input fact ──┐
 *   results ─────┼─▶ fold ⇄ jobs (in memory, changelog) ─▶ tasks · facts · job-events · dead letters
 *   job-commands ┘
 * </pre>
 */
public final class StageTopology {
    static final String STORE = "jobs";

    private StageTopology() {}

    /** The same without limits, metrics and traces. */
    public static Topology build(Stage stage, TopicCatalog topics, JobFold.Timing timing, EventsFormat format) {
        return build(stage, topics, timing, Limits.NONE, format, Telemetry.NONE);
    }

    /** @param format of the facts and events that are for users too */
    public static Topology build(
            Stage stage,
            TopicCatalog topics,
            JobFold.Timing timing,
            Limits limits,
            EventsFormat format,
            Telemetry telemetry) {
        StageTopics names = stage.topics();
        Topology topology = new Topology();
        String[] sources = {names.input(), names.results(), "job-commands"};
        for (String source : sources) {
            topology.addSource(source, new StringDeserializer(), new ByteArrayDeserializer(), topics.name(source));
        }
        topology.addProcessor(
                "fold", () -> new FoldProcessor(stage, topics, timing, limits, format, telemetry), sources);
        topology.addStateStore(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray()),
                "fold");
        sink(topology, "fold-out", "fold");
        stage.intake().ifPresent(intake -> {
            String outside = Objects.requireNonNull(names.intake(), "a stage with an intake declares its topic");
            topology.addSource(outside, new StringDeserializer(), new ByteArrayDeserializer(), topics.name(outside));
            topology.addProcessor(
                    "intake", () -> new IntakeProcessor(names, outside, intake, topics, telemetry.meters()), outside);
            sink(topology, "intake-out", "intake");
        });
        return topology;
    }

    private static void sink(Topology topology, String sink, String parent) {
        topology.addSink(
                sink,
                (key, value, context) -> value.topic(),
                new StringSerializer(),
                (String topic, Outgoing value) -> value.bytes(),
                parent);
    }
}
