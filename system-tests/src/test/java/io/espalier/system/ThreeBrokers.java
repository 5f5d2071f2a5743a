package io.espalier.system;

import io.kroxylicious.testing.kafka.api.KafkaCluster;
import io.kroxylicious.testing.kafka.api.TerminationStyle;
import io.kroxylicious.testing.kafka.common.KafkaClusterConfig;
import io.kroxylicious.testing.kafka.common.KafkaClusterExecutionMode;
import io.kroxylicious.testing.kafka.common.KafkaClusterFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.awaitility.Awaitility;

/** Three brokers in this JVM, each a controller too. Each record is on all of them, and is acknowledged when two have it. */
final class ThreeBrokers implements TestBroker {
    static final int COUNT = 3;

    private final KafkaCluster cluster;
    private final Admin admin;

    private ThreeBrokers(KafkaCluster cluster) {
        this.cluster = cluster;
        this.admin = Admin.create(Map.of("bootstrap.servers", cluster.getBootstrapServers()));
    }

    static ThreeBrokers start() {
        KafkaCluster cluster = KafkaClusterFactory.create(KafkaClusterConfig.builder()
                .execMode(KafkaClusterExecutionMode.IN_VM)
                .kraftMode(true)
                .brokersNum(COUNT)
                .kraftControllers(COUNT)
                .brokerConfig("auto.create.topics.enable", "false")
                .brokerConfig("default.replication.factor", Integer.toString(COUNT))
                .brokerConfig("min.insync.replicas", "2")
                .brokerConfig("transaction.state.log.num.partitions", "1")
                .brokerConfig("share.coordinator.state.topic.num.partitions", "1")
                .brokerConfig("group.streams.min.session.timeout.ms", "3000")
                .brokerConfig("group.streams.session.timeout.ms", "4000")
                .brokerConfig("group.streams.min.heartbeat.interval.ms", "1000")
                .brokerConfig("group.streams.heartbeat.interval.ms", "1000")
                .build());
        cluster.start();
        return new ThreeBrokers(cluster);
    }

    @Override
    public String bootstrap() {
        return cluster.getBootstrapServers();
    }

    @Override
    public int replicas() {
        return COUNT;
    }

    /** Brings Kafka's own topics, which the library leaves on one broker, to all of them; to be called when they are there. */
    void replicateEverything() throws InterruptedException, ExecutionException {
        reassign(0);
        Map<ConfigResource, Collection<AlterConfigOp>> two = partitions().keySet().stream()
                .map(partition -> new ConfigResource(ConfigResource.Type.TOPIC, partition.topic()))
                .distinct()
                .collect(Collectors.toMap(
                        topic -> topic,
                        topic -> List.of(new AlterConfigOp(
                                new ConfigEntry("min.insync.replicas", "2"), AlterConfigOp.OpType.SET))));
        admin.incrementalAlterConfigs(two).all().get();
        awaitInSync();
    }

    /** Makes another broker the leader of every partition. */
    void moveLeaders() throws InterruptedException, ExecutionException {
        reassign(1);
        awaitInSync();
        admin.electLeaders(ElectionType.PREFERRED, null).all().get();
    }

    /** @param by by how much the order of the replicas of each partition is turned; the first is the preferred leader */
    private void reassign(int by) throws InterruptedException, ExecutionException {
        Map<TopicPartition, Optional<NewPartitionReassignment>> turned = new HashMap<>();
        partitions().forEach((partition, info) -> {
            List<Integer> order = new ArrayList<>(List.of(0, 1, 2));
            Collections.rotate(order, -info.leader().id() - by);
            turned.put(partition, Optional.of(new NewPartitionReassignment(order)));
        });
        admin.alterPartitionReassignments(turned).all().get();
    }

    Map<TopicPartition, Integer> leaders() throws InterruptedException, ExecutionException {
        return partitions().entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        partition -> partition.getValue().leader().id()));
    }

    /** Waits until every record is on every broker. */
    void awaitInSync() {
        Awaitility.await("all replicas in sync")
                .atMost(Stack.LIMIT)
                .ignoreExceptions()
                .until(() -> partitions().values().stream()
                        .allMatch(partition -> partition.isr().size() == COUNT));
    }

    private Map<TopicPartition, TopicPartitionInfo> partitions() throws InterruptedException, ExecutionException {
        Set<String> names = admin.listTopics(new ListTopicsOptions().listInternal(true))
                .names()
                .get();
        Map<TopicPartition, TopicPartitionInfo> partitions = new HashMap<>();
        admin.describeTopics(names).allTopicNames().get().forEach((name, topic) -> topic.partitions()
                .forEach(partition -> partitions.put(new TopicPartition(name, partition.partition()), partition)));
        return partitions;
    }

    /** Takes a broker away in the middle of whatever it does. */
    void lose(int broker) {
        cluster.stopNodes(node -> node == broker, TerminationStyle.ABRUPT);
    }

    /** Stops a broker in an orderly way. */
    void stop(int broker) {
        cluster.stopNodes(node -> node == broker, TerminationStyle.GRACEFUL);
    }

    /** Starts every broker that is away, and waits until it has caught up. */
    void startMissing() {
        Set<Integer> stopped = Set.copyOf(cluster.getStoppedBrokers());
        cluster.startNodes(stopped::contains);
        awaitInSync();
    }

    @Override
    public void close() {
        admin.close();
        try {
            cluster.close();
        } catch (Exception e) {
            throw new KafkaException("the brokers do not stop", e);
        }
    }
}
