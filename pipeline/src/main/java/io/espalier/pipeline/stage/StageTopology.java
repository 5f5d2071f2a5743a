package io.espalier.pipeline.stage;

import io.espalier.pipeline.request.RequestIntake;
import io.espalier.pipeline.telemetry.Telemetry;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.TopicCatalog;
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
 *   prune-requests ─▶ intake ─▶ accepted-requests      (scorer only)
 *   input fact ──┐
 *   results ─────┼─▶ fold ⇄ jobs (in memory, changelog) ─▶ tasks · facts · job-events · dead letters
 *   job-commands ┘
 * </pre>
 */
public final class StageTopology {
    static final String STORE = "jobs";

    private StageTopology() {}

    /** A topology that tells nobody of itself. */
    public static Topology build(Stage stage, TopicCatalog topics, JobFold.Timing timing, EventsFormat format) {
        return build(stage, topics, timing, format, Telemetry.NONE);
    }

    /** @param format of the facts and events that are for users too */
    public static Topology build(
            Stage stage, TopicCatalog topics, JobFold.Timing timing, EventsFormat format, Telemetry telemetry) {
        StageName name = stage.name();
        Topology topology = new Topology();
        String[] sources = {name.inputTopic(), name.resultTopic(), "job-commands"};
        for (String source : sources) {
            topology.addSource(source, new StringDeserializer(), new ByteArrayDeserializer(), topics.name(source));
        }
        topology.addProcessor("fold", () -> new FoldProcessor(stage, topics, timing, format, telemetry), sources);
        topology.addStateStore(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray()),
                "fold");
        sink(topology, "fold-out", "fold");
        if (name == StageName.SCORER) {
            topology.addSource(
                    "prune-requests",
                    new StringDeserializer(),
                    new ByteArrayDeserializer(),
                    topics.name("prune-requests"));
            topology.addProcessor("intake", () -> new RequestIntake(topics, telemetry.meters()), "prune-requests");
            sink(topology, "intake-out", "intake");
        }
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
