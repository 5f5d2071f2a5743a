package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.cli.view.FactLine;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints the records of a topic. */
@Command(
        name = "tail",
        mixinStandardHelpOptions = true,
        description = "Prints every committed record of a topic as a line of JSON, then follows it until Ctrl-C.")
final class TailCommand implements Callable<Integer> {
    private static final Duration POLL = Duration.ofMillis(250);

    private final Console console;

    @Parameters(
            paramLabel = "TOPIC",
            description = "Name without prefix: evaluations, job-events, layer-scores, prune-requests-dlt …")
    private String topic = "";

    @Option(names = "--until-now", description = "Stop after the records that are there already.")
    private boolean untilNow;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    TailCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        Connection broker = connectionOptions.open();
        String name = nameOf(broker);
        Properties settings = new Properties();
        settings.putAll(broker.client());
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        try (KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(name).stream()
                    .map(info -> new TopicPartition(name, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (!untilNow || !hasReached(consumer, ends)) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    console.result(FactLine.of(topic, record.key(), record.value(), record.headers()));
                }
            }
            return ExitCode.OK;
        }
    }

    private String nameOf(Connection broker) {
        try {
            return broker.topics().name(topic);
        } catch (IllegalArgumentException e) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "no topic %s; it is one of %s, or the same with -dlt".formatted(topic, FactLine.topics()),
                    e);
        }
    }

    private static boolean hasReached(KafkaConsumer<String, byte[]> consumer, Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }
}
