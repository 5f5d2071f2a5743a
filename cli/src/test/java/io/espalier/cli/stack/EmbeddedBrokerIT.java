package io.espalier.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.Stores;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerIT {
    private static final List<String> TEN =
            IntStream.range(0, 10).mapToObj(Integer::toString).toList();

    @TempDir
    static Path folder;

    private static EmbeddedBroker broker;

    @BeforeAll
    static void startTheBroker() throws Exception {
        broker = EmbeddedBroker.start(folder);
    }

    @AfterAll
    static void stopTheBroker() {
        broker.close();
    }

    @Test
    void aRestartOnTheSameFolderKeepsAddressTopicsAndRecords() throws Exception {
        // Given
        String addressBefore = broker.bootstrap();
        createTopics(broker, "facts");
        produce(broker, "facts", TEN);
        broker.close();

        // When
        broker = EmbeddedBroker.start(folder);

        // Then
        assertThat(broker.bootstrap()).isEqualTo(addressBefore);
        assertThat(readAll(broker, "facts", TEN.size())).containsExactlyElementsOf(TEN);
    }

    @Test
    void aShareGroupDeliversEveryTaskThatWasPublishedBeforeItsFirstWorkerJoined() throws Exception {
        // Given
        createTopics(broker, "tasks");
        configureShareGroup(broker, "workers");
        produce(broker, "tasks", TEN);

        // When
        List<String> delivered = takeWithRenewedLock(broker, "tasks", "workers", TEN.size());

        // Then
        assertThat(delivered).containsExactlyInAnyOrderElementsOf(TEN);
    }

    @Test
    void aStreamsStageWithExactlyOnceAndTheStreamsGroupProtocolPublishesEachFactOnce() throws Exception {
        // Given
        createTopics(broker, "input", "output");
        produce(broker, "input", TEN);

        // When
        try (KafkaStreams stage = countingStage(broker)) {
            stage.start();

            // Then
            List<String> counts = TEN.stream()
                    .map(i -> Integer.toString(Integer.parseInt(i) + 1))
                    .toList();
            assertThat(readAll(broker, "output", TEN.size())).containsExactlyElementsOf(counts);
        }
    }

    @Test
    void aTopicThatWasNeverDeclaredIsNotCreated() throws Exception {
        try (KafkaProducer<String, String> producer = producer(broker, Map.of("max.block.ms", "1500"))) {
            // When
            Throwable failure = catchThrowable(
                    () -> producer.send(new ProducerRecord<>("misspelt", "x")).get());

            // Then
            assertThat(failure).hasRootCauseInstanceOf(UnknownTopicOrPartitionException.class);
        }
    }

    /** Counts the records of a key in memory; the changelog, the offsets and the output share one transaction. */
    private static KafkaStreams countingStage(EmbeddedBroker broker) {
        StreamsBuilder topology = new StreamsBuilder();
        topology.stream("input", Consumed.with(Serdes.String(), Serdes.String()))
                .groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
                .count(Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("counts"))
                        .withCachingDisabled()
                        .withKeySerde(Serdes.String())
                        .withValueSerde(Serdes.Long()))
                .toStream()
                .mapValues(count -> Long.toString(count))
                .to("output", Produced.with(Serdes.String(), Serdes.String()));
        Properties settings = new Properties();
        settings.putAll(Map.of(
                "application.id", "stage",
                "bootstrap.servers", broker.bootstrap(),
                "processing.guarantee", "exactly_once_v2",
                "group.protocol", "streams",
                "replication.factor", "1",
                "poll.ms", "10",
                "commit.interval.ms", "100",
                "producer.transaction.timeout.ms", "4000",
                "statestore.cache.max.bytes", "0"));
        return new KafkaStreams(topology.build(), settings);
    }

    private static List<String> takeWithRenewedLock(EmbeddedBroker broker, String topic, String group, int count) {
        List<String> delivered = new ArrayList<>();
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", broker.bootstrap(),
                "group.id", group,
                "share.acknowledgement.mode", "explicit",
                "share.acquire.mode", "record_limit",
                "max.poll.records", "1");
        try (KafkaShareConsumer<String, String> worker =
                new KafkaShareConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            worker.subscribe(List.of(topic));
            await(() -> {
                for (ConsumerRecord<String, String> task : worker.poll(Duration.ofMillis(200))) {
                    worker.acknowledge(task, AcknowledgeType.RENEW);
                    worker.commitSync();
                    worker.poll(Duration.ZERO);
                    worker.acknowledge(task, AcknowledgeType.ACCEPT);
                    worker.commitSync().values().forEach(error -> assertThat(error)
                            .isEmpty());
                    delivered.add(task.value());
                }
                return delivered.size() >= count;
            });
        }
        return delivered;
    }

    private static void configureShareGroup(EmbeddedBroker broker, String group) throws Exception {
        try (Admin admin = admin(broker)) {
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.GROUP, group),
                            Stream.of(
                                            new ConfigEntry("share.auto.offset.reset", "earliest"),
                                            new ConfigEntry("share.isolation.level", "read_committed"))
                                    .map(entry -> new AlterConfigOp(entry, OpType.SET))
                                    .toList()))
                    .all()
                    .get();
        }
    }

    private static void createTopics(EmbeddedBroker broker, String... names) throws Exception {
        try (Admin admin = admin(broker)) {
            admin.createTopics(Stream.of(names)
                            .map(name -> new NewTopic(name, 1, (short) 1))
                            .toList())
                    .all()
                    .get();
        }
    }

    private static void produce(EmbeddedBroker broker, String topic, List<String> values) throws Exception {
        try (KafkaProducer<String, String> producer = producer(broker, Map.of())) {
            for (String value : values) {
                producer.send(new ProducerRecord<>(topic, "key", value)).get();
            }
        }
    }

    private static List<String> readAll(EmbeddedBroker broker, String topic, int count) {
        List<String> values = new ArrayList<>();
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", broker.bootstrap(),
                "isolation.level", "read_committed",
                "auto.offset.reset", "earliest");
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            await(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
                return values.size() >= count;
            });
        }
        return values;
    }

    private static Admin admin(EmbeddedBroker broker) {
        return Admin.create(Map.of("bootstrap.servers", broker.bootstrap()));
    }

    private static KafkaProducer<String, String> producer(EmbeddedBroker broker, Map<String, Object> more) {
        Properties settings = new Properties();
        settings.putAll(more);
        settings.put("bootstrap.servers", broker.bootstrap());
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }

    private static void await(BooleanSupplier condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .pollInSameThread()
                .pollInterval(Duration.ofMillis(1))
                .until(condition::getAsBoolean);
    }
}
