package io.espalier.system;

import io.espalier.cli.stack.EmbeddedBroker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.common.utils.AppInfoParser;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.ContainerFetchException;
import org.testcontainers.kafka.KafkaContainer;

/** A real Kafka broker that goes when it is closed. */
interface TestBroker extends AutoCloseable {
    /** {@code host:port} for clients. */
    String bootstrap();

    /** On how many brokers each record is. */
    default int replicas() {
        return 1;
    }

    @Override
    void close();

    /** In this JVM; started again on the same folder, it goes on where it stopped, on the port it had. */
    static TestBroker embedded(Path folder) throws IOException {
        return new Embedded(EmbeddedBroker.start(folder));
    }

    /** Kafka's own image, where there is a Docker engine that has it or can fetch it; else embedded. */
    static TestBroker containedOrEmbedded(Path folder) throws IOException {
        Logger log = LoggerFactory.getLogger(TestBroker.class);
        try {
            if (DockerClientFactory.instance().isDockerAvailable()) {
                TestBroker contained = Contained.start();
                log.info("the broker runs in a container, at {}", contained.bootstrap());
                return contained;
            }
            log.warn("no Docker engine: the broker runs in this JVM");
        } catch (ContainerFetchException e) {
            log.warn("no image to be had: the broker runs in this JVM", e);
        }
        return embedded(folder);
    }

    /** See {@link #embedded}. */
    record Embedded(EmbeddedBroker broker) implements TestBroker {
        @Override
        public String bootstrap() {
            return broker.bootstrap();
        }

        @Override
        public void close() {
            broker.close();
        }
    }

    /** See {@link #containedOrEmbedded}. */
    record Contained(KafkaContainer container) implements TestBroker {
        /** As in deploy/local/compose.yaml, beside what the container class sets for a single node. */
        private static final Map<String, String> SETTINGS = Map.of(
                "KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false",
                "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR", "1",
                "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR", "1",
                "KAFKA_GROUP_STREAMS_MIN_SESSION_TIMEOUT_MS", "3000",
                "KAFKA_GROUP_STREAMS_SESSION_TIMEOUT_MS", "4000",
                "KAFKA_GROUP_STREAMS_MIN_HEARTBEAT_INTERVAL_MS", "1000",
                "KAFKA_GROUP_STREAMS_HEARTBEAT_INTERVAL_MS", "1000");

        private static TestBroker start() {
            KafkaContainer container =
                    new KafkaContainer("apache/kafka:" + AppInfoParser.getVersion()).withEnv(SETTINGS);
            container.start();
            return new Contained(container);
        }

        @Override
        public String bootstrap() {
            return container.getBootstrapServers();
        }

        @Override
        public void close() {
            container.close();
        }
    }
}
