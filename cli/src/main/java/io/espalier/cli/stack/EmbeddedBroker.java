package io.espalier.cli.stack;

import io.espalier.cli.ExitCode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * A real single-node Kafka broker inside this JVM. Its log is in a folder that survives restarts. It listens only on 127.0.0.1,
 * without authentication.
 *
 * <p>No other class uses Kafka's server internals.
 */
public final class EmbeddedBroker implements AutoCloseable {
    private static final int NODE_ID = 1;
    private static final String CONTROLLER = "CONTROLLER";
    /** At most about this many milliseconds of records are lost when the machine loses power. */
    private static final String FLUSH_MS = "10000";

    private final BrokerFolder folder;
    private final KafkaRaftServer server;

    private EmbeddedBroker(BrokerFolder folder, KafkaRaftServer server) {
        this.folder = folder;
        this.server = server;
    }

    /**
     * Starts the broker of this folder and returns when clients can connect. The first start formats the folder.
     *
     * @throws org.apache.kafka.common.KafkaException if another broker runs on the folder
     */
    public static EmbeddedBroker start(Path path) throws IOException {
        return start(path, new Properties());
    }

    /**
     * The same for clients that something stands in front of: the broker tells them to come to that.
     *
     * @param port on 127.0.0.1 of what passes their bytes on to {@link #bootstrap}
     */
    public static EmbeddedBroker startBehind(Path path, int port) throws IOException {
        Properties advertised = new Properties();
        advertised.setProperty("advertised.listeners", "CLIENT://127.0.0.1:" + port);
        return start(path, advertised);
    }

    private static EmbeddedBroker start(Path path, Properties more) throws IOException {
        BrokerFolder folder =
                BrokerFolder.open(path.toAbsolutePath(), Uuid.randomUuid().toString());
        format(folder);
        Properties settings = settings(folder);
        settings.putAll(more);
        KafkaRaftServer server = new KafkaRaftServer(KafkaConfig.fromProps(settings), Time.SYSTEM);
        server.startup();
        return new EmbeddedBroker(folder, server);
    }

    /**
     * What is damaged in the log of this folder, in words; empty if the log is intact or absent. The broker must not run.
     */
    static List<String> damages(Path path) throws IOException {
        return LogCheck.damages(BrokerFolder.log(path)).stream()
                .map(LogCheck.Damage::toString)
                .toList();
    }

    /** Kafka ends the whole process when it cannot go on, for example when its disk fails. It then says so first. */
    static void announceFatalEnd(Consumer<String> say) {
        Exit.setHaltProcedure((status, message) -> {
            say.accept("UNREACHABLE: Kafka cannot go on and ends this process");
            Runtime.getRuntime().halt(ExitCode.UNREACHABLE);
        });
    }

    /** Deletes all data of the broker of this folder. The broker must not run. */
    public static void erase(Path path) throws IOException {
        Utils.delete(path.toFile());
    }

    /** The broker's {@code host:port} for clients. */
    public String bootstrap() {
        return "127.0.0.1:" + folder.clientPort();
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }

    /** Writes the cluster id and the cluster's feature levels. A folder that is already formatted does not change. */
    private static void format(BrokerFolder folder) throws IOException {
        try {
            new Formatter()
                    .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                    .setClusterId(folder.clusterId())
                    .setNodeId(NODE_ID)
                    // These are the newest stable features, among them share.version 1 and streams.version 1.
                    .setReleaseVersion(MetadataVersion.latestProduction())
                    .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
                    .setIgnoreFormatted(true)
                    .setControllerListenerName(CONTROLLER)
                    .setMetadataLogDirectory(folder.log().toString())
                    .setDirectories(List.of(folder.log().toString()))
                    .run();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("Cannot format the broker folder " + folder.folder(), e);
        }
    }

    private static Properties settings(BrokerFolder folder) {
        Properties s = new Properties();
        s.setProperty("process.roles", "broker,controller");
        s.setProperty("node.id", Integer.toString(NODE_ID));
        s.setProperty("controller.quorum.voters", NODE_ID + "@127.0.0.1:" + folder.controllerPort());
        s.setProperty("controller.listener.names", CONTROLLER);
        s.setProperty(
                "listeners",
                "CLIENT://127.0.0.1:" + folder.clientPort() + "," + CONTROLLER + "://127.0.0.1:"
                        + folder.controllerPort());
        s.setProperty("inter.broker.listener.name", "CLIENT");
        s.setProperty("listener.security.protocol.map", "CLIENT:PLAINTEXT," + CONTROLLER + ":PLAINTEXT");
        s.setProperty("log.dirs", folder.log().toString());
        // Records are forced to the disk soon, and the broker stores how far. LogCheck compares a log with that.
        s.setProperty("log.flush.scheduler.interval.ms", FLUSH_MS);
        s.setProperty("log.flush.interval.ms", FLUSH_MS);
        s.setProperty("log.flush.offset.checkpoint.interval.ms", FLUSH_MS);
        // Espalier creates all its topics itself, so a client with a misspelt topic name must fail.
        s.setProperty("auto.create.topics.enable", "false");

        // Internal topics need one replica on the single broker. One partition each instead of 50 saves seconds at
        // start.
        for (String topic : List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
            s.setProperty(topic + ".replication.factor", "1");
            s.setProperty(topic + ".num.partitions", "1");
        }
        s.setProperty("transaction.state.log.min.isr", "1");
        s.setProperty("share.coordinator.state.topic.min.isr", "1");

        // Stages use Kafka Streams with group.protocol=streams, which Kafka 4.3 enables by default (streams.version 1).
        // The broker notices a dead stage after 4 s instead of 45 s, and aborts its open transaction soon after the
        // timeout.
        s.setProperty("group.streams.min.session.timeout.ms", "3000");
        s.setProperty("group.streams.session.timeout.ms", "4000");
        s.setProperty("group.streams.min.heartbeat.interval.ms", "1000");
        s.setProperty("group.streams.heartbeat.interval.ms", "1000");
        s.setProperty("group.streams.assignment.interval.ms", "0");
        s.setProperty("group.streams.initial.rebalance.delay.ms", "0");
        s.setProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "500");

        // Task queues use share groups, which Kafka 4.3 enables by default (share.version 1).
        // The task of a frozen worker goes to another worker after 15 s, the shortest lock that Kafka allows.
        s.setProperty("group.share.record.lock.duration.ms", "15000");
        s.setProperty("group.share.delivery.count.limit", "10");
        s.setProperty("group.share.min.heartbeat.interval.ms", "1000");
        s.setProperty("group.share.heartbeat.interval.ms", "1000");
        s.setProperty("group.share.assignment.interval.ms", "0");
        s.setProperty("group.share.initialize.retry.interval.ms", "1000");

        s.setProperty("group.consumer.assignment.interval.ms", "0");
        s.setProperty("group.initial.rebalance.delay.ms", "0");
        // The broker gets few threads and little memory, because the services on the same machine need them.
        s.setProperty("num.network.threads", "2");
        s.setProperty("num.io.threads", "4");
        s.setProperty("background.threads", "2");
        s.setProperty("group.coordinator.threads", "1");
        s.setProperty("log.cleaner.dedupe.buffer.size", "8388608");
        return s;
    }
}
