package io.espalier.deploy;

import io.espalier.pipeline.topic.TopicCatalog;
import io.kroxylicious.testing.kafka.api.KafkaCluster;
import io.kroxylicious.testing.kafka.common.KafkaClusterConfig;
import io.kroxylicious.testing.kafka.common.KafkaClusterExecutionMode;
import io.kroxylicious.testing.kafka.common.KafkaClusterFactory;
import io.kroxylicious.testing.kafka.common.KeytoolCertificateGenerator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** A broker that knows the users of the Strimzi component and holds them to their rules. */
final class SecuredKafka implements AutoCloseable {
    /** What every password begins with. */
    static final String PASSWORD = "password-of-";

    private static final String ADMIN = "admin";

    private final KafkaCluster cluster;

    private SecuredKafka(KafkaCluster cluster) {
        this.cluster = cluster;
    }

    /** With every topic declared, behind TLS and SCRAM as the Strimzi component has it. */
    static SecuredKafka start(Map<String, List<KafkaAccess.Rule>> users) throws Exception {
        var config = KafkaClusterConfig.builder()
                .saslMechanism("SCRAM-SHA-512")
                .securityProtocol("SASL_SSL")
                .brokerKeytoolCertificateGenerator(new KeytoolCertificateGenerator())
                .user(ADMIN, password(ADMIN))
                .brokerConfig("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
                // The broker's own listeners ask nobody who he is.
                .brokerConfig("super.users", "User:ANONYMOUS;User:" + ADMIN)
                .brokerConfig("auto.create.topics.enable", "false");
        users.keySet().forEach(user -> config.user(user, password(user)));
        KafkaCluster cluster = started(config);
        SecuredKafka kafka = new SecuredKafka(cluster);
        try (Admin admin = Admin.create(kafka.clientOf(ADMIN))) {
            TopicCatalog.load("").createMissing(admin, 1);
            for (var user : users.entrySet()) {
                admin.createAcls(user.getValue().stream()
                                .flatMap(rule -> bindings(user.getKey(), rule).stream())
                                .toList())
                        .all()
                        .get();
            }
        }
        return kafka;
    }

    /** One broker in this JVM, which soon notices a stage that is gone. */
    static KafkaCluster started(KafkaClusterConfig.KafkaClusterConfigBuilder config) {
        KafkaCluster cluster = KafkaClusterFactory.create(config.execMode(KafkaClusterExecutionMode.IN_VM)
                .kraftMode(true)
                .brokersNum(1)
                .brokerConfig("group.streams.min.session.timeout.ms", "3000")
                .brokerConfig("group.streams.session.timeout.ms", "4000")
                .brokerConfig("group.streams.min.heartbeat.interval.ms", "1000")
                .brokerConfig("group.streams.heartbeat.interval.ms", "1000")
                .build());
        cluster.start();
        return cluster;
    }

    String bootstrap() {
        return cluster.getBootstrapServers();
    }

    /** Connection settings of a user. */
    Properties clientOf(String user) {
        return clientOf(user, password(user));
    }

    /** Connection settings of somebody who says that he is a user. */
    Properties clientOf(String user, String password) {
        Properties settings = new Properties();
        settings.putAll(cluster.getKafkaClientConfiguration(user, password));
        return settings;
    }

    static String password(String user) {
        return PASSWORD + user;
    }

    private static List<AclBinding> bindings(String user, KafkaAccess.Rule rule) {
        PatternType pattern = rule.pattern().equals("prefix") ? PatternType.PREFIXED : PatternType.LITERAL;
        var resource = new ResourcePattern(ResourceType.fromString(constant(rule.type())), rule.name(), pattern);
        return rule.operations().stream()
                .map(operation -> new AccessControlEntry(
                        "User:" + user, "*", AclOperation.fromString(constant(operation)), AclPermissionType.ALLOW))
                .map(entry -> new AclBinding(resource, entry))
                .toList();
    }

    /** AlterConfigs: ALTER_CONFIGS. */
    private static String constant(String camelCase) {
        return camelCase.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
    }

    @Override
    public void close() throws Exception {
        cluster.close();
    }
}
